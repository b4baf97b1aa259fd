"""Read the newest fills."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from pushers.queries import Selection, users_parameter
from trading.models import Account, Fill, Instrument

NEWEST = 50  # what a page shows; the rest is history, read elsewhere

# Each account's newest fills, from the head of the index (account, id descending): the cost does not grow with history,
# as a window function's would. PostgreSQL needs the LATERAL: given SQLite's form it joins all fills with all accounts
# first (5 s instead of 0.4 s for 1,000 users of 240 fills). SQLite has no LATERAL.
NEWEST_OF = {
    "postgresql": f"""
        {Account._meta.db_table} account CROSS JOIN LATERAL (
            SELECT id FROM {Fill._meta.db_table} WHERE account_id = account.id ORDER BY id DESC LIMIT {NEWEST}
        ) newest WHERE account.user_id = ANY(%s)""",
    "sqlite": f"""
        {Account._meta.db_table} account JOIN {Fill._meta.db_table} newest
        ON newest.account_id = account.id AND newest.id >= COALESCE((
            SELECT id FROM {Fill._meta.db_table} WHERE account_id = account.id
            ORDER BY id DESC LIMIT 1 OFFSET {NEWEST - 1}
        ), 0) WHERE account.user_id IN (SELECT value FROM json_each(%s))""",
}
TEXTS = {
    "postgresql": "string_agg(ROW(account.name, newest.id)::text, '' ORDER BY newest.id)",
    "sqlite": "group_concat(json_array(account.name, newest.id), '')",
}


class FillRow(NamedTuple):
    """One fill."""

    user_id: int
    account: str
    id: int
    order_id: int
    symbol: str
    side: str
    price: Decimal
    amount: Decimal
    cost: Decimal
    fee: Decimal
    realized_pnl: Decimal
    taker_or_maker: str
    created_at: datetime
    market_time: datetime | None


COLUMNS = (
    "account__user_id",
    "account__name",
    "id",
    "order_id",
    "instrument__symbol",
    "side",
    "price",
    "amount",
    "cost",
    "fee",
    "realized_pnl",
    "taker_or_maker",
    "created_at",
    "market_time",
)


def _newest_of(user_ids: Any) -> QuerySet[Fill, Any]:
    newest_ids = RawSQL(
        f"SELECT newest.id FROM {NEWEST_OF[connection.vendor]}", [users_parameter(connection, user_ids)]
    )
    return Fill.objects.filter(id__in=newest_ids).values_list(*COLUMNS)


ROWS = Selection(_newest_of)


def newest_fills(user_ids: Sequence[int]) -> list[FillRow]:
    """Return the newest 50 fills of each user, newest first, in one query."""
    by_user: dict[int, list[FillRow]] = defaultdict(list)
    for row in ROWS(user_ids):
        by_user[row[0]].append(FillRow._make(row))
    # A user of several accounts has up to 50 of each by now.
    return [row for own in by_user.values() for row in sorted(own, key=_newest_first)[:NEWEST]]


def fill_texts(user_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Return a value per user that is another whenever his rows in `newest_fills` are, in two queries.

    A fill never changes: which ones they are, and what the instruments are called, says everything.
    """
    symbols = repr(list(Instrument.objects.order_by("id").values_list("id", "symbol")))
    query = f"SELECT account.user_id, {TEXTS[connection.vendor]} FROM {NEWEST_OF[connection.vendor]} GROUP BY 1"
    with connection.cursor() as cursor:
        cursor.execute(query, [users_parameter(connection, user_ids)])
        texts: dict[int, str] = dict(cursor.fetchall())
    return {user_id: (symbols, texts.get(user_id, "")) for user_id in user_ids}


def _newest_first(row: FillRow) -> int:
    return -row.id
