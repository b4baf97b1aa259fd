"""PnL and positions, as the socket pushes them: both come from one snapshot of the database."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from ninja import Query

from pushers import Document, FeedStale, read
from trading.api.auth import caller
from trading.api.lookups import own_account
from trading.api.problems import ProblemError
from trading.api.routers.accounts import AccountQuery
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.accounts import Pnl, Positions
from trading.api.schemas.values import Symbol
from trading.models import User

router = DocumentRouter("Positions and PnL")


class PositionQuery(AccountQuery):
    """Positions of one symbol, or of all."""

    symbol: Symbol | None = None


@router.get("/positions", response=Positions, summary="Open positions")
def position_list(request: HttpRequest, query: Query[PositionQuery]) -> Any:
    """What each account holds, with its valuation at the mark."""
    user = caller(request)
    account = _account_name(user, query)
    documents = _documents(user, "positions", "pnl")
    pnl, stale = _shown(documents["pnl"])
    positions, _fresh = _shown(documents["positions"])
    items = []
    for key, position in positions.items():
        if account in (None, position["account"]) and query.symbol in (None, position["symbol"]):
            valued = pnl.get(position["account"], {}).get("positions", {}).get(position["symbol"], {})
            items.append({"id": key, **valued, **position})
    items.sort(key=lambda item: (item["account"], item["symbol"]))
    return {"items": items, "stale": stale}


@router.get("/pnl", response=Pnl, summary="PnL")
def pnl_list(request: HttpRequest, query: Query[AccountQuery]) -> Any:
    """What each account has earned, and what it is worth at the newest marks."""
    user = caller(request)
    account = _account_name(user, query)
    pnl, stale = _shown(_documents(user, "pnl")["pnl"])
    items = [{"account": name, **row} for name, row in sorted(pnl.items()) if account in (None, name)]
    return {"items": items, "stale": stale}


def _documents(user: User, *feeds: str) -> Mapping[str, Document | FeedStale]:
    return read(user.pk, feeds)


def _shown(result: Document | FeedStale) -> tuple[Document, str | None]:
    """Return the document and why it is stale, if it is; raise ProblemError `unavailable` where there is none."""
    if not isinstance(result, FeedStale):
        return result, None
    if result.document is None:
        raise ProblemError("unavailable")
    return result.document, result.reason


def _account_name(user: User, query: AccountQuery) -> str | None:
    """Return the account asked for, None for all; raise ProblemError `not_found` where the user has none such."""
    return None if query.account is None else own_account(user, query.account).name
