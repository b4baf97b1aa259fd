"""The feed `pnl`: what each account has earned, and what its positions are worth at the newest marks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from pushers import Document, Feed, FeedStale, register
from trading import accounting
from trading.accounting import ZERO
from trading.conf import stale_market_after
from trading.feeds.pnl_version import AccountPart, PnlVersion, Quotes, read_parts
from trading.selectors.margins import Valued, valued
from trading.selectors.pnl import Quoted, ValuedPositionRow, pnl_texts, quoted
from trading.wire import decimal_text

UNQUOTED: Quoted = (None, None)


@register
class PnlFeed(Feed):
    """Account name -> {equity, unrealizedPnl, realizedPnl, dayPnl, fees, positions: symbol -> ...}.

    equity = total + unrealizedPnl; dayPnl = equity now - equity at the start of the trader's day; liquidationPrice is
    there where a mark above 0 leads to liquidation, all else equal. A user who holds a position whose quote is missing
    or too old is stale (`market_stale`): his equity is not known.
    """

    name = "pnl"
    interval = 5
    volatile = frozenset({"markPrice", "unrealizedPnl", "percentage", "equity", "dayPnl", "liquidationPrice"})

    def __init__(self) -> None:
        self._quotes: Quotes = {}  # of the last `versions`: while nothing moves, every version has the same object

    def fetch(self, user_ids: Sequence[int]) -> Mapping[int, Document | FeedStale]:
        parts, quotes = read_parts(user_ids, _oldest())
        return {user_id: _document(own, quotes) for user_id, own in parts.items()}

    def versions(self, user_ids: Sequence[int]) -> Mapping[int, object]:
        quotes: Quotes = quoted(_oldest())
        if quotes != self._quotes:
            self._quotes = quotes
        quotes = self._quotes
        return {user_id: PnlVersion(texts, quotes) for user_id, texts in pnl_texts(user_ids).items()}

    def refetch(self, before: Mapping[int, object], now: Mapping[int, object]) -> Mapping[int, Document | FeedStale]:
        """Value what is held at the new marks; read the rows of those users only who have traded."""
        new = [user_id for user_id, version in now.items() if not _takes_parts(version, before.get(user_id))]
        parts, quotes = read_parts(new, _oldest()) if new else ({}, {})
        documents = {user_id: _document(own, quotes) for user_id, own in parts.items()}
        for user_id, version in now.items():
            if not isinstance(version, PnlVersion):
                continue
            if user_id in parts:
                version.parts = parts[user_id]
            else:
                documents[user_id] = _document(version.parts or [], version.quotes)
        return documents


def _takes_parts(version: object, before: object) -> bool:
    """Have a version take over the parts of the one before; False where they are not known, or others now."""
    if not isinstance(version, PnlVersion) or not isinstance(before, PnlVersion) or version.texts != before.texts:
        return False
    version.parts = before.parts
    return version.parts is not None


def _oldest() -> datetime:
    """Return when a quote must have been made to be good for a valuation now."""
    return timezone.now() - stale_market_after()


def _document(parts: list[AccountPart], quotes: Quotes) -> Document | FeedStale:
    document: Document = {}
    stale = False
    for part in parts:
        rows = []
        for symbol, holding in part.holdings.items():
            row = ValuedPositionRow._make(holding.columns + quotes.get(symbol, UNQUOTED))
            rows.append(row)
            stale = stale or not row.fresh
        document[part.equity.account] = _account_entry(part, rows)
    return FeedStale("market_stale", document) if stale else document


def _account_entry(part: AccountPart, rows: list[ValuedPositionRow]) -> Document:
    account = part.equity
    held = valued(account.total, rows)
    unrealized = sum((position.unrealized_pnl for position in held), ZERO)
    equity = account.total + unrealized
    return {
        "equity": decimal_text(equity),
        "unrealizedPnl": decimal_text(unrealized),
        "realizedPnl": part.realized,
        "dayPnl": decimal_text(equity - account.day_equity),
        "fees": part.fees,
        "positions": {
            position.row.symbol: _position_entry(part.holdings[position.row.symbol].shown, position)
            for position in held
        },
    }


def _position_entry(shown: Document, position: Valued) -> Document:
    earned = position.unrealized_pnl
    entry = {**shown, "markPrice": decimal_text(position.mark), "unrealizedPnl": decimal_text(earned)}
    if (percentage := accounting.return_on_margin(earned, position.row.margin)) is not None:
        entry["percentage"] = decimal_text(percentage)
    if position.liquidation_price is not None:
        entry["liquidationPrice"] = decimal_text(position.liquidation_price)
    return entry
