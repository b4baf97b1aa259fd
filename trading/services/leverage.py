"""Set how much larger than their margin an account's positions in an instrument may be."""

from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import ZERO
from trading.errors import TradingError
from trading.models import Account, Instrument, Order, Position
from trading.models.order import OPEN
from trading.services.accounts import account_work
from trading.services.order_checks import known_instrument
from trading.services.positions import position_of
from trading.services.reservations import INSUFFICIENT_MARGIN, required


def leverage_set(*, account: Account, symbol: str, leverage: int) -> Position:
    """Set the leverage of the account's position in the symbol, open or next, and of its open orders there.

    Raises TradingError `unknown_symbol`, `invalid_leverage`, and `insufficient_margin` where a lower leverage needs
    more than the free money.
    """
    with account_work(account.pk) as locked:
        return leverage_change(locked, known_instrument(symbol), leverage)


def leverage_change(account: Account, instrument: Instrument, leverage: int) -> Position:
    """Do what leverage_set does to the locked account, and raise what it raises; the caller saves the account."""
    check_leverage(instrument, leverage)
    position = position_of(account, instrument)
    before = account.used
    account.used -= position.margin
    position.leverage = leverage
    position.margin = accounting.margin(position.open_cost, leverage)
    account.used += position.margin
    position.save()
    _reserve_anew(account, position)
    if account.used > before and account.free < ZERO:
        message = _("A leverage of %(leverage)s needs %(needed)s %(currency)s more; found %(free)s free.")
        words = {"leverage": leverage, "needed": account.used - before, "currency": account.currency}
        raise TradingError(INSUFFICIENT_MARGIN, message, {**words, "free": account.total - before})
    return position


def check_leverage(instrument: Instrument, leverage: int) -> None:
    """Raise TradingError `invalid_leverage` unless it is a whole number that the instrument allows."""
    most = instrument.maximum_leverage
    if not isinstance(leverage, int) or isinstance(leverage, bool) or not 1 <= leverage <= most:
        message = _("The leverage must be a whole number from 1 to %(most)s; found %(leverage)s.")
        raise TradingError("invalid_leverage", message % {"most": most, "leverage": f"{leverage!r:.20}"})


def _reserve_anew(account: Account, position: Position) -> None:
    orders = Order.objects.filter(OPEN, account=account, instrument=position.instrument)
    changed = []
    for order in orders.select_related("instrument__quote"):
        before, order.reserved = order.reserved, required(order, position)
        account.used += order.reserved - before
        changed.append(order)
    Order.objects.bulk_update(changed, ["reserved"])
