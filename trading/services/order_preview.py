"""Say what an order would do before it is sent."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from trading import accounting
from trading.accounting import ZERO, AppliedFill, PositionState
from trading.errors import TradingError
from trading.models import Account, Order, Position, Quote
from trading.selectors.margins import liquidation_prices
from trading.selectors.pnl import ValuedPositionRow, open_positions_of
from trading.services.executions import crosses, expected_price, quoted_price
from trading.services.leverage import check_leverage
from trading.services.order_checks import check_not_halted, fresh_quote, known_instrument
from trading.services.order_drafts import check_order, order_draft
from trading.services.order_requests import order_request
from trading.services.positions import position_leverage, position_of
from trading.services.reservations import INSUFFICIENT_MARGIN, free_to_close, required
from trading.wire import decimal_text


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
        position.leverage = leverage
        position.margin = accounting.margin(position.open_cost, leverage)
    reasons = []
    try:
        check_not_halted(instrument)
        check_order(account, order, quote)
    except TradingError as error:
        reasons.append(error)
    return _preview(account, order, quote, position, reasons)


def _preview(
    account: Account, order: Order, quote: Quote, position: Position, reasons: list[TradingError]
) -> OrderPreview:
    price = expected_price(order, quote) or quoted_price(order.instrument, quote, order.side)
    rests = order.is_waiting or not crosses(order, quote)
    maker = rests and not order.is_waiting
    notional = accounting.notional(price, order.amount)
    rate = order.instrument.maker_fee_rate if maker else order.instrument.taker_fee_rate
    fee = accounting.fee(notional, rate)
    applied = accounting.apply_fill(
        PositionState(position.signed_amount, position.open_cost, position.realized_pnl, position.fees),
        side=order.side,
        amount=order.amount,
        price=price,
        fee=fee,
    )
    leverage = position_leverage(position, order)
    free = (
        _free_after_resting(account, order, position)
        if rests
        else _free_after_fill(account, applied, position, leverage)
    )
    if free < ZERO and (rests or applied.opened_amount):
        reasons.append(_short(account, free))
    return OrderPreview(
        amount=order.amount,
        price=price,
        notional=notional,
        margin=accounting.margin(accounting.notional(price, applied.opened_amount), leverage),
        fee=fee,
        liquidation_price=_liquidation_price(account, order, position, applied),
        free_after=free,
        reasons=tuple(reasons),
    )


def _free_after_resting(account: Account, order: Order, position: Position) -> Decimal:
    order.closing = free_to_close(position, order)
    return account.free - required(order, position)


def _free_after_fill(account: Account, applied: AppliedFill, position: Position, leverage: int) -> Decimal:
    kept = position.leverage if applied.state.signed_amount * position.signed_amount > 0 else leverage
    margin = accounting.margin(applied.state.open_cost, kept)
    paid = applied.closing_fee + applied.opening_fee
    return account.free + applied.realized_pnl - paid - margin + position.margin


def _short(account: Account, free: Decimal) -> TradingError:
    message = _("The order needs %(needed)s %(currency)s of free money; found %(free)s.")
    words = {"needed": decimal_text(account.free - free), "currency": account.currency}
    return TradingError(INSUFFICIENT_MARGIN, message % {**words, "free": decimal_text(account.free)})


def _liquidation_price(account: Account, order: Order, position: Position, applied: AppliedFill) -> Decimal | None:
    """Return the liquidation price of the position after the fill; the other positions stay as they are."""
    instrument, state = order.instrument, applied.state
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
        quoted_at=instrument.quote.updated_at,
    )
    total = account.total + applied.realized_pnl - applied.closing_fee - applied.opening_fee
    return liquidation_prices(total, [*others, after]).get(instrument.symbol)
