"""Place an order, or close a position by one."""

from decimal import Decimal

from django.utils.translation import gettext as _

from trading.errors import TradingError
from trading.models import Account, Order, OrderOrigin, Side
from trading.services.accounts import account_work
from trading.services.freezes import check_not_frozen
from trading.services.leverage import leverage_change
from trading.services.order_checks import check_not_halted, fresh_quote, known_instrument, tradable_instrument
from trading.services.order_drafts import check_order, order_draft
from trading.services.order_execution import order_start
from trading.services.order_requests import OrderRequest, check_client_order_id, order_request, positive
from trading.services.positions import position_of, present_leverage
from trading.services.reservations import NOTHING_TO_REDUCE


def order_place(
    *,
    account: Account,
    symbol: str,
    side: str,
    type: str,
    amount: Decimal | None = None,
    quote_amount: Decimal | None = None,
    price: Decimal | None = None,
    trigger_price: Decimal | None = None,
    time_in_force: str = Order.TimeInForce.GTC,
    post_only: bool = False,
    reduce_only: bool = False,
    take_profit: Decimal | None = None,
    stop_loss: Decimal | None = None,
    leverage: int | None = None,
    client_order_id: str | None = None,
) -> Order:
    """Place an order and return it: filled as far as the quote's size goes, the rest resting, waiting or expired.

    The amount is in units, or `quote_amount` in the quote currency; a `leverage` is set for the symbol before. The same
    client order id with the same body returns the order that it made the first time, and does nothing else. Raises
    TradingError (errors.py lists the codes); nothing is written then.
    """
    check_client_order_id(client_order_id or None)
    request = order_request(
        symbol=symbol,
        side=side,
        type=type,
        amount=amount,
        quote_amount=quote_amount,
        price=price,
        trigger_price=trigger_price,
        time_in_force=time_in_force,
        post_only=post_only,
        reduce_only=reduce_only,
        take_profit=take_profit,
        stop_loss=stop_loss,
        leverage=leverage,
    )
    with account_work(account.pk) as locked:
        return _earlier(locked, request, client_order_id or None) or _place(locked, request, client_order_id or None)


def position_close(*, account: Account, symbol: str, amount: Decimal | None = None) -> Order:
    """Close the position in the symbol, or `amount` of it, by a market order that only reduces.

    What the quote's size does not suffice for goes on with the next quotes. Raises TradingError `nothing_to_reduce`
    where there is no position, and what order_place raises.
    """
    wanted = positive("amount", amount)
    with account_work(account.pk) as locked:
        instrument = known_instrument(symbol)
        check_not_halted(instrument)
        quote = fresh_quote(instrument)
        held = position_of(locked, instrument).signed_amount
        if not held:
            message = _("There is no position in %(symbol)s to close.")
            raise TradingError(NOTHING_TO_REDUCE, message % {"symbol": instrument.symbol})
        order = Order(
            account=locked,
            instrument=instrument,
            side=Side.SELL if held > 0 else Side.BUY,
            type=Order.Type.MARKET,
            amount=wanted or abs(held),
            reduce_only=True,
            origin=OrderOrigin.CLOSE,
        )
        if wanted is not None:  # all of it can be closed even where the step has become another
            check_order(locked, order, quote)
        order_start(locked, order, quote)
        return order


def _earlier(account: Account, request: OrderRequest, client_order_id: str | None) -> Order | None:
    if client_order_id is None:
        return None
    orders = Order.objects.select_related("instrument")
    earlier = orders.filter(account=account, client_order_id=client_order_id).first()
    if earlier is not None and (earlier.request_digest or _digest_of(earlier)) != request.digest:
        message = _("The client order id %(client_order_id)s belongs to order %(id)s, which is another one.")
        words = {"client_order_id": repr(client_order_id), "id": earlier.pk}
        raise TradingError("duplicate_client_order_id", message % words)
    return earlier


def _digest_of(order: Order) -> str:
    """Return the digest of an order from before digests were kept: its columns are what was asked for."""
    symbol = order.instrument.symbol
    request = order_request(symbol=symbol, side=order.side, type=order.type, amount=order.amount, price=order.price)
    return request.digest


def _place(account: Account, request: OrderRequest, client_order_id: str | None) -> Order:
    instrument = tradable_instrument(request.symbol)
    quote = fresh_quote(instrument)
    check_not_frozen(account, Order(instrument=instrument, reduce_only=request.reduce_only))
    if request.leverage not in (None, present_leverage(position_of(account, instrument), instrument)):
        leverage_change(account, instrument, request.leverage)
    order = order_draft(account, request, instrument, quote)
    order.client_order_id, order.request_digest = client_order_id, request.digest
    check_order(account, order, quote)
    order_start(account, order, quote)
    return order
