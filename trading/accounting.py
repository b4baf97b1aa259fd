"""Accounting of linear contracts: pure functions on exact Decimals.

Average cost, netting: one signed position per account and instrument. The cost of the open quantity is stored, not a
rounded average, so the realized PnL of a closed position is exactly its proceeds less its cost. Every amount of money
is a multiple of 1e-8, rounded half-even where a product or a quotient has more places; sums are never rounded. Fees
stand apart: they are charged at the fill and never part of the entry price.
"""

from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, localcontext

ZERO = Decimal(0)
ONE = Decimal(1)
UNIT = Decimal("1E-8")
RESERVED_UNIT = Decimal("1E-6")  # coarser than money: see reservation()
# Products of two 18-digit numbers have 36 digits, quotients of such products are rounded long after the 8th place.
PRECISE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def rounded(value: Decimal) -> Decimal:
    """Return `value` rounded half-even to 8 places."""
    return value.quantize(UNIT, None, PRECISE) + ZERO  # by position: four times as quick as by name


@dataclass(frozen=True, slots=True)
class PositionState:
    """What a position has come to: its open quantity and cost, and what it has earned and paid so far."""

    signed_amount: Decimal = ZERO
    open_cost: Decimal = ZERO
    realized_pnl: Decimal = ZERO  # gross
    fees: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class AppliedFill:
    """The position after a fill, and what the fill did."""

    state: PositionState
    realized_pnl: Decimal  # gross, of this fill
    closed_amount: Decimal
    opened_amount: Decimal
    closing_fee: Decimal
    opening_fee: Decimal


def apply_fill(
    state: PositionState, *, side: str, amount: Decimal, price: Decimal, fee: Decimal, multiplier: Decimal = ONE
) -> AppliedFill:
    """Return `state` after a fill of `amount` (above 0) at `price`.

    A fill against the position closes first, at the old entry price; what is left opens at the fill's price, and the
    fee is split by quantity. The caller sees to it that no trade is applied twice.
    """
    with localcontext(PRECISE):
        signed = amount if side == "buy" else -amount
        against = state.signed_amount * signed < 0
        closed = min(amount, abs(state.signed_amount)) if against else ZERO
        # Rounding the whole and one part leaves the other part as the difference: nothing is lost at a flip.
        proceeds = rounded(price * closed * multiplier)
        opening_cost = rounded(price * amount * multiplier) - proceeds
        closing_fee = share(fee, closed, amount)
        cost = allocated_cost(state, closed)
        realized = proceeds - cost if state.signed_amount > 0 else cost - proceeds
        after = replace(
            state,
            signed_amount=state.signed_amount + signed,
            open_cost=state.open_cost - cost + opening_cost,
            realized_pnl=state.realized_pnl + realized,
            fees=state.fees + fee,
        )
    return AppliedFill(after, realized, closed, amount - closed, closing_fee, fee - closing_fee)


def allocated_cost(state: PositionState, closed: Decimal) -> Decimal:
    """Return the part of the open cost that `closed` units take with them; the remainder stays with the position."""
    held = abs(state.signed_amount)
    return state.open_cost if closed == held else share(state.open_cost, closed, held)


def share(value: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return value * part / whole, rounded to 8 places."""
    return rounded(PRECISE.divide(PRECISE.multiply(value, part), whole))


def entry_price(signed_amount: Decimal, open_cost: Decimal, multiplier: Decimal = ONE) -> Decimal | None:
    """Return the average price of the open quantity, without fees, rounded to 8 places; None when flat."""
    if not signed_amount:
        return None
    return rounded(PRECISE.divide(open_cost, PRECISE.multiply(abs(signed_amount), multiplier)))


def notional(price: Decimal, amount: Decimal) -> Decimal:
    """Return the value of `amount` units at `price`, rounded to 8 places."""
    return rounded(PRECISE.multiply(price, amount))


def fee(cost: Decimal, rate: Decimal) -> Decimal:
    """Return the fee on `cost`; `rate` is a fraction."""
    return rounded(PRECISE.multiply(cost, rate))


def margin(cost: Decimal, leverage: int) -> Decimal:
    """Return the margin that `cost` needs at `leverage`."""
    return rounded(PRECISE.divide(cost, Decimal(leverage)))


def reservation(cost: Decimal, opened: Decimal, leverage: int, rate: Decimal) -> Decimal:
    """Return what an order holds back: the margin of `opened`, the part of its `cost` that opens, and the fee on all.

    Rounded up to six places. An order that fills in parts has each part's margin and fee rounded on its own; what is
    rounded up here pays for that, so that an order for all the free money can be filled.
    """
    with localcontext(PRECISE):
        return (opened / leverage + cost * rate).quantize(RESERVED_UNIT, ROUND_CEILING) + ZERO


def taker_price(quoted: Decimal, side: str, slippage_rate: Decimal, tick: Decimal) -> Decimal:
    """Return what a taker pays or gets at the quoted price: worse by the slippage, rounded to the tick against him."""
    with localcontext(PRECISE):
        if side == "buy":
            return (quoted * (1 + slippage_rate) / tick).to_integral_value(ROUND_CEILING) * tick
        return max((quoted * (1 - slippage_rate) / tick).to_integral_value(ROUND_FLOOR), ONE) * tick


def whole_steps(amount: Decimal, step: Decimal) -> Decimal:
    """Return the largest multiple of `step` that is not above `amount`."""
    with localcontext(PRECISE):
        return (amount / step).to_integral_value(ROUND_FLOOR) * step


def maintenance_margin(signed_amount: Decimal, mark: Decimal, rate: Decimal) -> Decimal:
    """Return the equity that a position wants to be left alone: `rate`, a fraction, of its value at the mark."""
    return rounded(PRECISE.multiply(PRECISE.multiply(abs(signed_amount), mark), rate))


def liquidation_price(
    signed_amount: Decimal,
    open_cost: Decimal,
    rate: Decimal,
    *,
    equity_elsewhere: Decimal,
    maintenance_elsewhere: Decimal,
) -> Decimal | None:
    """Return the mark at which the account's equity is its maintenance margin, all else equal; None where it has none.

    `equity_elsewhere` is the account's total and the unrealized PnL of its other positions, `maintenance_elsewhere`
    what those want. From equity_elsewhere + s(|a|m - cost) = maintenance_elsewhere + rate |a|m, with s = 1 when long,
    -1 when short, solved for the mark m.
    """
    if not signed_amount:
        return None
    sign = ONE if signed_amount > 0 else -ONE
    needed = maintenance_elsewhere - equity_elsewhere + (open_cost if signed_amount > 0 else -open_cost)
    price = PRECISE.divide(needed, PRECISE.multiply(abs(signed_amount), sign - rate))
    return rounded(price) if price > 0 else None


def unrealized_pnl(signed_amount: Decimal, open_cost: Decimal, mark: Decimal, multiplier: Decimal = ONE) -> Decimal:
    """Return what closing at `mark` would earn before fees: value - cost when long, cost - value when short."""
    if not signed_amount:
        return ZERO
    value = rounded(PRECISE.multiply(PRECISE.multiply(abs(signed_amount), mark), multiplier))
    return value - open_cost if signed_amount > 0 else open_cost - value


def return_on_margin(unrealized: Decimal, used_margin: Decimal) -> Decimal | None:
    """Return the unrealized PnL in percent of the position's margin, as ccxt defines `percentage`; None without one."""
    if not used_margin:
        return None
    return rounded(PRECISE.divide(PRECISE.multiply(unrealized, Decimal(100)), used_margin))


def change_in_percent(value: Decimal, before: Decimal) -> Decimal | None:
    """Return by how many percent `value` differs from `before`; None where `before` is 0."""
    if not before:
        return None
    return rounded(PRECISE.divide(PRECISE.multiply(value - before, Decimal(100)), before))


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Say whether `value` lies on the grid of `step` (tick size, step size)."""
    return PRECISE.remainder(value, step) == 0
