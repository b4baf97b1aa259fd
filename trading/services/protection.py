"""Take profit and stop loss of a position: set by the trader, and carried out when the mark reaches one of them."""

from decimal import Decimal

from django.utils.translation import gettext as _

from trading.errors import TradingError
from trading.models import Account, Order, OrderOrigin, Position, Quote, Side
from trading.services.accounts import account_work
from trading.services.order_checks import check_protection, check_tick, fresh_quote, known_instrument
from trading.services.order_execution import order_start
from trading.services.order_requests import positive
from trading.services.positions import position_of
from trading.services.reservations import NOTHING_TO_REDUCE, closings_share


def position_protect(
    *, account: Account, symbol: str, take_profit: Decimal | None = None, stop_loss: Decimal | None = None
) -> Position:
    """Set a position's take profit and stop loss, whole, at the mark; None clears one.

    The first that the mark reaches closes the position and takes the other with it. Raises TradingError
    `unknown_symbol`, `nothing_to_reduce` without a position, `price_off_tick`, `stale_market`, and
    `invalid_take_profit` or `invalid_stop_loss` for one that the mark has passed already.
    """
    prices = positive("take_profit", take_profit), positive("stop_loss", stop_loss)
    with account_work(account.pk) as locked:
        instrument = known_instrument(symbol)
        position = position_of(locked, instrument)
        if not position.signed_amount:
            message = _("There is no position in %(symbol)s to protect.")
            raise TradingError(NOTHING_TO_REDUCE, message % {"symbol": instrument.symbol})
        position.take_profit, position.stop_loss = prices
        if prices != (None, None):
            check_tick(instrument, *prices)
            long, mark = position.signed_amount > 0, fresh_quote(instrument).mark
            check_protection(long=long, reference=mark, take_profit=prices[0], stop_loss=prices[1])
        position.save(update_fields=["take_profit", "stop_loss", "updated_at"])
        return position


def protection_reached(position: Position, mark: Decimal) -> OrderOrigin | None:
    """Return which of the two the mark has reached; the stop loss where it is both."""
    long = position.signed_amount > 0
    for origin, price, above in (
        (OrderOrigin.STOP_LOSS, position.stop_loss, not long),
        (OrderOrigin.TAKE_PROFIT, position.take_profit, long),
    ):
        if price is not None and (mark >= price if above else mark <= price):
            return origin
    return None


def protection_carry_out(account: Account, position: Position, quote: Quote, origin: OrderOrigin) -> Order:
    """Close the position at the market, and clear both of its prices; the caller holds the account."""
    position.take_profit = position.stop_loss = None
    position.save(update_fields=["take_profit", "stop_loss", "updated_at"])
    return order_close_out(account, position, quote, origin, Order.TimeInForce.GTC)


def order_close_out(
    account: Account, position: Position, quote: Quote, origin: OrderOrigin, time_in_force: Order.TimeInForce
) -> Order:
    """Place a market order of our own that closes the position; `position.instrument` carries its quote."""
    order = Order(
        account=account,
        instrument=position.instrument,
        side=Side.SELL if position.signed_amount > 0 else Side.BUY,
        type=Order.Type.MARKET,
        time_in_force=time_in_force,
        amount=abs(position.signed_amount),
        reduce_only=True,
        origin=origin,
    )
    order_start(account, order, quote)
    closings_share(account, position.instrument)
    return order
