"""The feeds' documents as the rows of the dashboard: the joins that the scripts repeat for each push."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from pushers import Document, FeedStale
from trading.wire import decimal_text, present

Row = dict[str, Any]
Documents = Mapping[str, Document | FeedStale]


@dataclass(frozen=True)
class Panel:
    """What one panel shows: its rows by key, or none known; and why they must not be believed, or an empty text."""

    rows: list[tuple[str, Row]]
    known: bool
    stale: str


def panels(documents: Documents) -> dict[str, Panel]:
    """Return the panels of the account feeds, by noun."""
    balance, pnl = _document(documents, "balance"), _document(documents, "pnl")
    positions = _document(documents, "positions")
    orders, fills = _document(documents, "orders"), _document(documents, "fills")
    return {
        "accounts": _panel(documents, account_rows(balance, pnl), "balance", "pnl"),
        "pnl": _panel(documents, pnl_rows(pnl), "pnl"),
        "positions": _panel(documents, position_rows(positions, pnl), "positions", "pnl"),
        "orders": _panel(documents, newest_first(orders), "orders"),
        "fills": _panel(documents, newest_first(fills), "fills"),
    }


def account_rows(balance: Document, pnl: Document) -> list[tuple[str, Row]]:
    """Join each account's balance with its equity, the PnL of the day and the use of its margin, by account name."""
    return [
        (name, {"name": name, **(valued := pnl.get(name, {})), **row, **present(marginUse=margin_use(row, valued))})
        for name, row in sorted(balance.items())
    ]


def margin_use(balance: Row, valued: Row) -> str | None:
    """Return how many percent of the equity are in use, with two places; None where the equity is not above zero.

    `percentOf` in decimals.js is the same for the page's script; tests/cases/margin_use_cases.json holds both to it.
    """
    equity = Decimal(valued.get("equity", 0))
    if equity <= 0:
        return None
    return decimal_text((Decimal(balance["used"]) * 100 / equity).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def position_rows(positions: Document, pnl: Document) -> list[tuple[str, Row]]:
    """Join each position with its valuation at the mark, which the positions themselves leave out."""
    joined = []
    for key, position in positions.items():
        valued = pnl.get(position["account"], {}).get("positions", {}).get(position["symbol"], {})
        joined.append((key, {**valued, **position}))
    return sorted(joined, key=lambda item: (item[1]["account"], item[1]["symbol"]))


def pnl_rows(pnl: Document) -> list[tuple[str, Row]]:
    """Return each account's profit and loss, by account name."""
    return [(name, {"name": name, **row}) for name, row in sorted(pnl.items())]


def newest_first(document: Document) -> list[tuple[str, Row]]:
    """Return rows keyed by a growing id, the newest first."""
    return [(key, {"id": key, **document[key]}) for key in sorted(document, key=int, reverse=True)]


def _panel(documents: Documents, rows: list[tuple[str, Row]], *feeds: str) -> Panel:
    stale = [result.reason for feed in feeds if isinstance(result := documents[feed], FeedStale)]
    known = shown_document(documents[feeds[0]]) is not None
    return Panel(rows=rows, known=known, stale=stale[0] if stale else "")


def shown_document(result: Document | FeedStale) -> Document | None:
    """Return what there is to show, be it stale; None where nothing is known."""
    return result.document if isinstance(result, FeedStale) else result


def _document(documents: Documents, feed: str) -> Document:
    return shown_document(documents[feed]) or {}
