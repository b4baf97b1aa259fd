"""Close the positions of accounts whose equity has fallen below their maintenance margin."""

import logging

from django.utils import timezone

from trading import accounting
from trading.conf import stale_market_after
from trading.models import Account, Order, OrderOrigin, Position
from trading.selectors.margins import accounts_near_liquidation, health
from trading.selectors.pnl import open_positions_of
from trading.services.account_rounds import account_round
from trading.services.accounts import account_work
from trading.services.order_cancel import cancel_open
from trading.services.order_checks import is_fresh
from trading.services.protection import order_close_out

logger = logging.getLogger(__name__)


def accounts_liquidate() -> int:
    """Liquidate the accounts that must be, at the newest marks, and return how many; one query where there are none."""
    return account_round(accounts_near_liquidation(timezone.now() - stale_market_after()), _liquidate)


def _liquidate(account_id: int) -> bool:
    """Cancel the account's orders, then close its positions, the most demanding first, until its equity suffices.

    What the quote's size does not suffice for is looked at again at the next tick.
    """
    with account_work(account_id) as account:
        positions = _closable(account)
        if not positions or not _is_below(account):
            return False
        logger.info("Account %s is liquidated.", account_id)
        cancel_open(account, reason=OrderOrigin.LIQUIDATION)
        for position in positions:
            if not _is_below(account):
                break
            quote = position.instrument.quote
            order_close_out(account, position, quote, OrderOrigin.LIQUIDATION, Order.TimeInForce.IOC)
    return True


def _is_below(account: Account) -> bool:
    standing = health(account.total, open_positions_of(account))
    return standing is not None and standing.is_below


def _closable(account: Account) -> list[Position]:
    """Return the positions that are traded now, the most demanding first; none where one's value is not known."""
    held = Position.objects.filter(account=account).exclude(signed_amount=0).select_related("instrument__quote")
    quotes = [getattr(position.instrument, "quote", None) for position in held]
    if any(quote is None or not is_fresh(quote) for quote in quotes):
        return []
    return sorted((position for position in held if not position.instrument.halted), key=_demand, reverse=True)


def _demand(position: Position) -> tuple[object, int]:
    instrument = position.instrument
    rate = instrument.maintenance_margin_rate
    return accounting.maintenance_margin(position.signed_amount, instrument.quote.mark, rate), -position.pk
