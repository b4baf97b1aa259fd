"""Say what an order would do before it is sent."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import ZERO, AppliedFill, PositionState, apply_fill
from trading.errors import TradingError
from trading.models import Account, Order, Position, Quote
from trading.selectors.margins import liquidation_prices
from trading.selectors.pnl import ValuedPositionRow, open_positions_of
from trading.services.executions import crosses, expected_price, fill_price
from trading.services.freezes import check_not_frozen
from trading.services.leverage import check_leverage
from trading.services.order_checks import check_not_halted, fresh_quote, known_instrument
from trading.services.order_drafts import check_order, order_draft
from trading.services.order_requests import order_request
from trading.services.positions import position_leverage, position_of
from trading.services.reservations import INSUFFICIENT_MARGIN, free_to_close, required


@dataclass(frozen=True, slots=True)
class OrderPreview:
    """What an order would do at the present quote, were it filled in full at `price`.

    `notional` is price times amount, `margin` what its opening part needs, `fee` what it costs; `liquidation_price` is
    the position's afterwards, None where there is none; `free_after` is the free money once the order is filled, or
    rests. `reasons` are the refusals that order_place would raise, with code and message; none if it would not.
    """

    amount: Decimal
    price: Decimal
    notional: Decimal
    margin: Decimal
    fee: Decimal
    liquidation_price: Decimal | None
    free_after: Decimal
    reasons: tuple[TradingError, ...]


def order_preview(*, account: Account, symbol: str, leverage: int | None = None, **body: Any) -> OrderPreview:
    """Return what the order would do; takes what order_place takes, and a leverage to try. Writes and locks nothing.

    Raises TradingError for a request without form, an unknown symbol and a stale market: there is nothing to reckon
    with then.
    """
    request = order_request(symbol=symbol, **body)
    account = Account.objects.get(pk=account.pk)
    instrument = known_instrument(symbol)
    quote = fresh_quote(instrument)
    order = order_draft(account, request, instrument, quote)
    position = position_of(account, instrument)
    if leverage is not None:
        check_leverage(instrument, leverage)
        _try_leverage(account, position, leverage)
    reasons = []
    try:
        check_not_halted(instrument)
        check_not_frozen(account, order)
        check_order(account, order, quote)
    except TradingError as error:
        reasons.append(error)
    rests = order.is_waiting or not crosses(order, quote)
    fill = _fill_in_full(order, quote, position, rests)
    free = _free_after_resting(account, order, position) if rests else _free_after_fill(account, fill, position, order)
    if free < min(account.free, ZERO) and (rests or fill.applied.opened_amount):
        reasons.append(_short(account, free))
    opened = accounting.notional(fill.price, fill.applied.opened_amount)
    return OrderPreview(
        amount=order.amount,
        price=fill.price,
        notional=accounting.notional(fill.price, order.amount),
        margin=accounting.margin(opened, position_leverage(position, order)),
        fee=fill.fee,
        liquidation_price=_liquidation_price(account, order, fill),
        free_after=free,
        reasons=tuple(reasons),
    )


class _Fill(NamedTuple):
    """The fill that the preview reckons with."""

    price: Decimal
    fee: Decimal
    applied: AppliedFill


def _try_leverage(account: Account, position: Position, leverage: int) -> None:
    before, position.leverage = position.margin, leverage
    position.margin = accounting.margin(position.open_cost, leverage)
    account.used += position.margin - before


def _fill_in_full(order: Order, quote: Quote, position: Position, rests: bool) -> _Fill:
    price = (expected_price(order, quote) if rests else None) or fill_price(order, quote)
    maker = rests and not order.is_waiting  # a stop order may take once it is triggered
    rate = order.instrument.maker_fee_rate if maker else order.instrument.taker_fee_rate
    fee = accounting.fee(accounting.notional(price, order.amount), rate)
    state = PositionState(position.signed_amount, position.open_cost, position.realized_pnl, position.fees)
    return _Fill(price, fee, apply_fill(state, side=order.side, amount=order.amount, price=price, fee=fee))


def _free_after_resting(account: Account, order: Order, position: Position) -> Decimal:
    order.closing = free_to_close(position, order)
    return account.free - required(order, position)


def _free_after_fill(account: Account, fill: _Fill, position: Position, order: Order) -> Decimal:
    state = fill.applied.state
    reduced = state.signed_amount * position.signed_amount > 0
    margin = accounting.margin(state.open_cost, position.leverage if reduced else position_leverage(position, order))
    return account.free + fill.applied.realized_pnl - fill.fee - margin + position.margin


def _short(account: Account, free: Decimal) -> TradingError:
    message = _("The order needs %(needed)s %(currency)s of free money; found %(free)s.")
    words = {"needed": account.free - free, "currency": account.currency, "free": account.free}
    return TradingError(INSUFFICIENT_MARGIN, message, words)


def _liquidation_price(account: Account, order: Order, fill: _Fill) -> Decimal | None:
    """Return the liquidation price of the position after the fill; the other positions stay as they are."""
    instrument, state = order.instrument, fill.applied.state
    others = [row for row in open_positions_of(account) if row.symbol != instrument.symbol]
    after = ValuedPositionRow(
        user_id=account.user_id,
        account_id=account.pk,
        symbol=instrument.symbol,
        signed_amount=state.signed_amount,
        open_cost=state.open_cost,
        margin=ZERO,
        realized_pnl=state.realized_pnl,
        fees=state.fees,
        maintenance_margin_rate=instrument.maintenance_margin_rate,
        mark=instrument.quote.mark,
    )
    total = account.total + fill.applied.realized_pnl - fill.fee
    return liquidation_prices(total, [*others, after]).get(instrument.symbol)
