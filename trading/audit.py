"""The audit: does every figure follow from what has happened?

Pure checks of one account's books, and the reading of all of them in one snapshot. Nothing is repaired here: a broken
invariant is a mistake in a service, or a hand in the database, and is named with what was expected and what was found.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection

from pushers.orm import read_snapshot
from trading import accounting, append_only
from trading.accounting import ZERO, PositionState
from trading.models import OPEN_STATUSES, LedgerEntry, OrderStatus, Side
from trading.selectors.books import AccountBooks, EntryRow, FillRow, OrderRow, account_books
from trading.wire import decimal_text

QUERY_SECONDS = 60.0  # for one fetch of a stream; the audit as a whole takes as long as there is history

INVARIANTS = {
    "append_only": "the database refuses to change or delete ledger entries and fills",
    "ledger_sum": "the sum of an account's ledger is its total",
    "ledger_chain": "each ledger entry's balance after it is the one before plus its amount",
    "ledger_fills": "each fill's realized PnL and fee are in the ledger once, and nothing else is",
    "ledger_signs": "deposits and withdrawals have their sign",
    "used_sum": "reservations of open orders plus margins of positions are what is used",
    "used_not_negative": "used is not below 0",
    "order_fills": "an order's filled amount and cost are the sums of its fills",
    "order_not_overfilled": "no order is filled beyond its amount",
    "order_status": "an order's status says how far it is filled, and a closed one reserves nothing",
    "order_closing": "what open orders close without margin is no more than the position, and against it",
    "fill_order": "a fill is of its order's account, instrument and side",
    "fill_cost": "a fill's cost is its price times its amount",
    "fill_closed": "what a fill closed of a position is what replaying the fills gives",
    "fill_realized": "a fill's realized PnL is what replaying the fills gives",
    "position_replay": "replaying all fills since the last reset gives every position exactly",
    "position_margin": "a position's margin is its open cost by its leverage",
    "reset_flat": "a reset leaves no position and no money of before",
    "equity": "money paid in, fills and fees at cost, and holdings at the mark are total plus unrealized PnL",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken invariant: a key of INVARIANTS, of what, and the two values that should be the same."""

    account_id: int | None
    account: str
    invariant: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        whose = f"account {self.account_id} ({self.account})" if self.account_id else self.account
        return f"{whose}: {self.invariant}: {self.what}: expected {self.expected}, found {self.found}"


@dataclass(slots=True)
class AuditReport:
    """What was looked at, and what was found broken."""

    accounts: int = 0
    entries: int = 0
    orders: int = 0
    fills: int = 0
    findings: list[Finding] = field(default_factory=list)


def audit(account_ids: Sequence[int] | None = None) -> list[Finding]:
    """Return what is broken in the books of the accounts, or of all; nothing is, normally."""
    return audit_report(account_ids).findings


def audit_report(account_ids: Sequence[int] | None = None) -> AuditReport:
    """Audit the accounts, or all, as they are at one moment; others go on writing meanwhile."""
    report = AuditReport()
    with read_snapshot(QUERY_SECONDS):
        for trigger in append_only.missing(connection):
            report.findings.append(Finding(None, "database", "append_only", f"trigger {trigger}", "present", "missing"))
        for books in account_books(account_ids):
            report.accounts += 1
            report.entries += len(books.entries)
            report.orders += len(books.orders)
            report.fills += len(books.fills)
            report.findings += audit_account(books)
    return report


def audit_account(books: AccountBooks) -> list[Finding]:
    """Return what is broken in one account's books."""
    checks = (_ledger, _ledger_of_fills, _used, _orders, _closing, _fills, _replay, _equity)
    return [
        Finding(books.id, books.name, invariant, what, _text(expected), _text(found))
        for check in checks
        for invariant, what, expected, found in check(books)
        if expected != found
    ]


type_of_value = Decimal | int | str | bool | None
Comparison = tuple[str, str, type_of_value, type_of_value]  # invariant, of what, expected, found


def _text(value: type_of_value) -> str:
    return decimal_text(value) if isinstance(value, Decimal) else str(value)


def _ledger(books: AccountBooks) -> Iterator[Comparison]:
    yield "ledger_sum", "total", sum((entry.amount for entry in books.entries), ZERO), books.total
    balance = ZERO
    for entry in books.entries:
        what = f"ledger entry {entry.id} ({entry.kind})"
        yield "ledger_chain", f"{what}: balance after", balance + entry.amount, entry.balance_after
        balance = entry.balance_after
        yield "ledger_signs", what, True, _has_its_sign(entry)
    resets = {reset.last_entry_id: reset.id for reset in books.resets}
    for entry in books.entries:
        if entry.id in resets:
            yield "reset_flat", f"reset {resets[entry.id]}: balance", ZERO, entry.balance_after


def _has_its_sign(entry: EntryRow) -> bool:
    if entry.kind == LedgerEntry.Kind.DEPOSIT:
        return entry.amount >= 0
    return entry.kind != LedgerEntry.Kind.WITHDRAWAL or entry.amount <= 0


def _ledger_of_fills(books: AccountBooks) -> Iterator[Comparison]:
    kinds = LedgerEntry.Kind
    booked: dict[tuple[int | None, str], Decimal] = defaultdict(lambda: ZERO)
    times: dict[tuple[int | None, str], int] = defaultdict(int)
    for entry in books.entries:
        if entry.fill_id is not None or entry.kind in (kinds.REALIZED_PNL, kinds.FEE):
            booked[entry.fill_id, entry.kind] += entry.amount
            times[entry.fill_id, entry.kind] += 1
    for fill in books.fills:
        for kind, amount in ((kinds.REALIZED_PNL, fill.realized_pnl), (kinds.FEE, -fill.fee)):
            key = (fill.id, kind.value)
            yield "ledger_fills", f"fill {fill.id}: {kind.value}", amount, booked.pop(key, ZERO)
            yield "ledger_fills", f"fill {fill.id}: entries of {kind.value}", int(amount != 0), times[key]
    for (fill_id, kind_name), amount in booked.items():
        yield "ledger_fills", f"{kind_name} of fill {fill_id}", "no entry", f"entries of {decimal_text(amount)}"


def _used(books: AccountBooks) -> Iterator[Comparison]:
    reserved = sum((order.reserved for order in books.orders), ZERO)
    margins = sum((position.margin for position in books.positions), ZERO)
    yield "used_sum", "used", reserved + margins, books.used
    yield "used_not_negative", "used", max(books.used, ZERO), books.used


def _orders(books: AccountBooks) -> Iterator[Comparison]:
    amounts: dict[int, Decimal] = defaultdict(lambda: ZERO)
    costs: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for fill in books.fills:
        amounts[fill.order_id] += fill.amount
        costs[fill.order_id] += fill.cost
    for order in books.orders:
        what = f"order {order.id}"
        yield "order_fills", f"{what}: filled", amounts[order.id], order.filled
        yield "order_fills", f"{what}: cost", costs[order.id], order.cost
        yield "order_not_overfilled", f"{what}: filled", min(order.filled, order.amount), order.filled
        yield "order_status", f"{what}: status", _status(order), order.status
        if order.status not in OPEN_STATUSES:
            yield "order_status", f"{what}: reserved", ZERO, order.reserved


def _status(order: OrderRow) -> str:
    """Return the status that its fills give an order; one that was ended early keeps what ended it."""
    if order.filled >= order.amount:
        return OrderStatus.FILLED.value
    if order.status not in (*OPEN_STATUSES, OrderStatus.FILLED):
        return order.status
    return (OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.NEW).value


def _closing(books: AccountBooks) -> Iterator[Comparison]:
    held = {position.instrument_id: position.signed_amount for position in books.positions}
    closing: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    for order in books.orders:
        if order.closing:
            closable = _closable(held, order.instrument_id, order.side)
            yield "order_closing", f"order {order.id}: closing", min(order.closing, closable), order.closing
            if not order.reduce_only:  # one that only reduces may have all of the position, whatever others have
                closing[order.instrument_id, order.side] += order.closing
    for (instrument_id, side), amount in closing.items():
        what = f"instrument {instrument_id}: amount that {side} orders close"
        yield "order_closing", what, min(amount, _closable(held, instrument_id, side)), amount


def _closable(held: Mapping[int, Decimal], instrument_id: int, side: str) -> Decimal:
    signed = held.get(instrument_id, ZERO)
    return max(-signed if side == Side.BUY else signed, ZERO)


def _fills(books: AccountBooks) -> Iterator[Comparison]:
    orders = {order.id: (order.instrument_id, order.side) for order in books.orders}
    for fill in books.fills:
        order = orders.get(fill.order_id)
        yield "fill_order", f"fill {fill.id} of order {fill.order_id}", True, order == (fill.instrument_id, fill.side)
        yield "fill_cost", f"fill {fill.id}: cost", accounting.notional(fill.price, fill.amount), fill.cost


def _replay(books: AccountBooks) -> Iterator[Comparison]:
    states: dict[int, PositionState] = {}
    resets = list(books.resets)
    for fill in books.fills:
        while resets and fill.id > resets[0].last_fill_id:
            yield from _reset(states, resets.pop(0).id)
        applied = _applied(states.get(fill.instrument_id, PositionState()), fill)
        states[fill.instrument_id] = applied.state
        yield "fill_closed", f"fill {fill.id}: closed amount", applied.closed_amount, fill.closed_amount
        yield "fill_realized", f"fill {fill.id}: realized PnL", applied.realized_pnl, fill.realized_pnl
    for reset in resets:
        yield from _reset(states, reset.id)
    symbols = {position.instrument_id: position.instrument__symbol for position in books.positions}
    for instrument_id in states.keys() - symbols.keys():
        yield "position_replay", f"position of instrument {instrument_id}", "a row", "none"
    for position in books.positions:
        state = states.get(position.instrument_id, PositionState())
        what = f"position {position.id} ({position.instrument__symbol})"
        for name in ("signed_amount", "open_cost", "realized_pnl", "fees"):
            yield "position_replay", f"{what}: {name}", getattr(state, name), getattr(position, name)
        yield "position_margin", what, accounting.margin(position.open_cost, position.leverage), position.margin


def _applied(state: PositionState, fill: FillRow) -> accounting.AppliedFill:
    return accounting.apply_fill(state, side=fill.side, amount=fill.amount, price=fill.price, fee=fill.fee)


def _reset(states: dict[int, PositionState], reset_id: int) -> Iterator[Comparison]:
    """Start all positions anew, as the reset did; they must be flat by then."""
    for instrument_id, state in states.items():
        yield "reset_flat", f"reset {reset_id}: amount of instrument {instrument_id}", ZERO, state.signed_amount
    states.clear()


def _equity(books: AccountBooks) -> Iterator[Comparison]:
    """Compare two ways to equity: from money and goods that changed hands, and from total and open positions.

    The first knows nothing of positions, averages or realized PnL.
    """
    marks = {position.instrument_id: position.instrument__quote__mark for position in books.positions}
    if any(position.signed_amount and position.instrument__quote__mark is None for position in books.positions):
        return  # without a mark there is no equity to compare
    of_fills = (LedgerEntry.Kind.REALIZED_PNL, LedgerEntry.Kind.FEE)
    expected = sum((entry.amount for entry in books.entries if entry.kind not in of_fills), ZERO)
    held: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for fill in books.fills:
        bought = fill.side == Side.BUY
        expected += (-fill.cost if bought else fill.cost) - fill.fee
        held[fill.instrument_id] += fill.amount if bought else -fill.amount
    for instrument_id, amount in held.items():
        mark = marks.get(instrument_id)
        if amount and mark is not None:
            expected += accounting.notional(mark, amount)
    unrealized = (
        accounting.unrealized_pnl(position.signed_amount, position.open_cost, position.instrument__quote__mark or ZERO)
        for position in books.positions
    )
    yield "equity", "total plus unrealized PnL", expected, books.total + sum(unrealized, ZERO)
