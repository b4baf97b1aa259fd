"""Why an order was refused or ended early, in words: an order keeps only the stable code of the refusal."""

from django.utils.translation import gettext_lazy as _

REFUSALS = {
    "unknown_symbol": _("There is no such instrument."),
    "halted": _("Trading in the instrument is halted."),
    "trading_frozen": _("Trading is frozen."),
    "stale_market": _("The market has sent no new prices, and nothing is filled at old ones."),
    "insufficient_margin": _("There is not enough free money for the margin and the fee."),
    "price_off_tick": _("The price is no multiple of the tick size."),
    "amount_off_step": _("The amount is no multiple of the step size."),
    "amount_too_large": _("The amount is too large."),
    "below_minimum_notional": _("Price times amount is below the minimum."),
    "nothing_to_reduce": _("There was no position left that it could reduce."),
    "reset": _("The account was reset."),
    "liquidation": _("The account was liquidated."),
}


def refusal_text(code: str) -> str:
    """Return the reason of a code; the code itself where it has no words."""
    return str(REFUSALS.get(code, code))
