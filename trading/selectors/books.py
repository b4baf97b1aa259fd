"""Read the books of accounts: everything that explains their money, account by account.

Six queries however many accounts there are, read as streams side by side in the order of the accounts: what is in
memory is one account's history, not everybody's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from django.db.models import QuerySet

from trading.models import Account, AccountReset, Fill, LedgerEntry, Order, Position

CHUNK = 2000  # rows that a stream fetches at a time


class EntryRow(NamedTuple):
    """One ledger entry."""

    account_id: int
    id: int
    kind: str
    amount: Decimal
    balance_after: Decimal
    fill_id: int | None


class OrderRow(NamedTuple):
    """One order, open or not."""

    account_id: int
    id: int
    instrument_id: int
    side: str
    amount: Decimal
    filled: Decimal
    cost: Decimal
    reserved: Decimal
    closing: Decimal
    reduce_only: bool
    status: str


class FillRow(NamedTuple):
    """One fill."""

    account_id: int
    id: int
    order_id: int
    instrument_id: int
    side: str
    price: Decimal
    amount: Decimal
    closed_amount: Decimal
    cost: Decimal
    fee: Decimal
    realized_pnl: Decimal


class PositionRow(NamedTuple):
    """One position, flat ones included; `mark` is None without a quote."""

    account_id: int
    id: int
    instrument_id: int
    signed_amount: Decimal
    open_cost: Decimal
    leverage: int
    margin: Decimal
    realized_pnl: Decimal
    fees: Decimal
    instrument__symbol: str
    instrument__quote__mark: Decimal | None


class ResetRow(NamedTuple):
    """One reset."""

    account_id: int
    id: int
    last_fill_id: int
    last_entry_id: int


@dataclass(frozen=True, slots=True)
class AccountBooks:
    """One account and all that it has done; every list in the order in which it happened."""

    id: int
    name: str  # the owner's name, a slash, the account's
    total: Decimal
    used: Decimal
    entries: Sequence[EntryRow]
    orders: Sequence[OrderRow]
    fills: Sequence[FillRow]
    positions: Sequence[PositionRow]
    resets: Sequence[ResetRow]


def account_books(account_ids: Sequence[int] | None = None) -> Iterator[AccountBooks]:
    """Yield the books of the accounts, or of all; to agree with each other they must be read in one snapshot."""
    kinds = (
        (LedgerEntry, EntryRow),
        (Order, OrderRow),
        (Fill, FillRow),
        (Position, PositionRow),
        (AccountReset, ResetRow),
    )
    streams = [_stream(_of(model.objects.all(), "account_id", account_ids), row) for model, row in kinds]
    accounts = _of(Account.objects.order_by("pk"), "pk", account_ids)
    columns = ("pk", "user__username", "name", "total", "used")
    for pk, username, name, total, used in accounts.values_list(*columns).iterator(CHUNK):
        yield AccountBooks(pk, f"{username}/{name}", total, used, *(take(pk) for take in streams))


def _of(rows: QuerySet[Any], column: str, account_ids: Sequence[int] | None) -> QuerySet[Any]:
    return rows if account_ids is None else rows.filter(**{f"{column}__in": account_ids})


def _stream(rows: QuerySet[Any], row: Any) -> Callable[[int], list[Any]]:
    """Return a function that gives the next account's rows; it is to be called with rising ids."""
    ordered = rows.order_by("account_id", "pk").values_list(*row._fields)
    groups = _groups(map(row._make, ordered.iterator(CHUNK)))
    waiting = next(groups, None)

    def take(account_id: int) -> list[Any]:
        nonlocal waiting
        while waiting is not None and waiting[0] < account_id:
            waiting = next(groups, None)
        if waiting is None or waiting[0] != account_id:
            return []
        found, waiting = waiting[1], next(groups, None)
        return found

    return take


def _groups(rows: Iterable[Any]) -> Iterator[tuple[int, list[Any]]]:
    for account_id, group in groupby(rows, key=itemgetter(0)):
        yield account_id, list(group)
