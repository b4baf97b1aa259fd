"""Cancel orders; also while the market stands still."""

from django.utils.translation import gettext as _

from trading.errors import TradingError
from trading.models import Account, Order, OrderStatus
from trading.models.order import OPEN
from trading.services.accounts import account_work
from trading.services.reservations import closings_share, order_end


def order_cancel(*, order: Order) -> Order:
    """Cancel an open order, which keeps its fills, and release what it reserves; raise TradingError `not_open`."""
    with account_work(order.account_id) as account:
        current = open_order(order.pk)
        order_end(account, current, OrderStatus.CANCELED)
        closings_share(account, current.instrument)
        return current


def orders_cancel(*, account: Account, symbol: str | None = None) -> list[Order]:
    """Cancel all open orders of the account, or those in one symbol, and return them, oldest first."""
    with account_work(account.pk) as locked:
        return cancel_open(locked, symbol=symbol)


def cancel_open(account: Account, *, symbol: str | None = None, reason: str = "") -> list[Order]:
    """Cancel the open orders of the locked account; the caller saves it."""
    orders = Order.objects.filter(OPEN, account=account).select_related("instrument").order_by("id")
    canceled = list(orders if symbol is None else orders.filter(instrument__symbol=symbol))
    for order in canceled:
        order_end(account, order, OrderStatus.CANCELED, reason)
    return canceled


def open_order(order_id: int) -> Order:
    """Return the order as it is now, with its market; raise TradingError `not_open` for a closed one."""
    order = Order.objects.select_related("instrument__quote").get(pk=order_id)
    if not order.is_open:
        message = _("Only an open order can be changed; order %(id)s is %(status)s.")
        raise TradingError("not_open", message % {"id": order.pk, "status": order.get_status_display()})
    return order
