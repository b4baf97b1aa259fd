"""The feed `pnl`: what each account has earned, and what its positions are worth at the newest marks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils import timezone

from pushers import Document, Feed, FeedStale, register
from trading import accounting
from trading.accounting import ZERO
from trading.conf import stale_market_after
from trading.selectors.margins import Valued, valued
from trading.selectors.pnl import EquityRow, ValuedPositionRow, equities, pnl_texts, valued_positions
from trading.wire import decimal_text, optional_text, present


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

    def fetch(self, user_ids: Sequence[int]) -> Mapping[int, Document | FeedStale]:
        documents: dict[int, Document] = {user_id: {} for user_id in user_ids}
        held: dict[int, list[ValuedPositionRow]] = defaultdict(list)
        stale = set()
        for position in valued_positions(user_ids, _oldest()):
            held[position.account_id].append(position)
            if position.signed_amount and not position.fresh:
                stale.add(position.user_id)
        for account in equities(user_ids):
            documents[account.user_id][account.account] = _account_entry(account, held[account.account_id])
        return {
            user_id: FeedStale("market_stale", document) if user_id in stale else document
            for user_id, document in documents.items()
        }

    def versions(self, user_ids: Sequence[int]) -> Mapping[int, object]:
        return pnl_texts(user_ids, _oldest())


def _oldest() -> datetime:
    """Return when a quote must have been made to be good for a valuation now."""
    return timezone.now() - stale_market_after()


def _account_entry(account: EquityRow, positions: list[ValuedPositionRow]) -> Document:
    held = valued(account.total, positions)
    unrealized = sum((position.unrealized_pnl for position in held), ZERO)
    equity = account.total + unrealized
    return {
        "equity": decimal_text(equity),
        "unrealizedPnl": decimal_text(unrealized),
        "realizedPnl": decimal_text(sum((position.realized_pnl for position in positions), ZERO)),
        "dayPnl": decimal_text(equity - account.day_equity),
        "fees": decimal_text(sum((position.fees for position in positions), ZERO)),
        "positions": {position.row.symbol: _position_entry(position) for position in held},
    }


def _position_entry(position: Valued) -> Document:
    row, earned = position.row, position.unrealized_pnl
    return present(
        side="long" if row.signed_amount > 0 else "short",
        contracts=decimal_text(abs(row.signed_amount)),
        entryPrice=optional_text(accounting.entry_price(row.signed_amount, row.open_cost)),
        markPrice=decimal_text(position.mark),
        unrealizedPnl=decimal_text(earned),
        percentage=optional_text(accounting.return_on_margin(earned, row.margin)),
        liquidationPrice=optional_text(position.liquidation_price),
    )
