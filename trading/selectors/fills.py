"""Read the newest fills."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from trading.models import Account, Fill

NEWEST = 50  # what a page shows; the rest is history, read elsewhere


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


def newest_fills(user_ids: Sequence[int]) -> list[FillRow]:
    """Return the newest 50 fills of each user, newest first, in one query.

    Each account's 50th newest fill bounds a scan of the index (account, id), so the cost does not grow with history,
    as a window function's would.
    """
    own = Fill.objects.filter(account=OuterRef("pk")).order_by("-id").values("id")
    accounts = Account.objects.filter(
        user_id__in=user_ids, fills__id__gte=Coalesce(Subquery(own[NEWEST - 1 : NEWEST]), Value(0))
    )
    columns = (
        "user_id",
        "name",
        "fills__id",
        "fills__order_id",
        "fills__instrument__symbol",
        "fills__side",
        "fills__price",
        "fills__amount",
        "fills__cost",
        "fills__fee",
        "fills__realized_pnl",
        "fills__taker_or_maker",
        "fills__created_at",
    )
    by_user: dict[int, list[FillRow]] = defaultdict(list)
    for row in accounts.values_list(*columns):
        by_user[row[0]].append(FillRow._make(row))
    # A user of several accounts has up to 50 of each by now.
    return [row for rows in by_user.values() for row in sorted(rows, key=_newest_first)[:NEWEST]]


def _newest_first(row: FillRow) -> int:
    return -row.id
