"""The feed `fills`: the newest executions of each user."""

from collections.abc import Mapping, Sequence

from pushers import Document, Feed, register
from trading.selectors.fills import FillRow, fill_texts, newest_fills
from trading.wire import milliseconds, present
from trading.wire_rows import fill_figures


@register
class FillsFeed(Feed):
    """Fill id -> {account, order, symbol, side, price, amount, cost, fee, realizedPnl, takerOrMaker, timestamp, ...}.

    marketTime is what time it was in the replayed market, which is the time of the candles; a reset's fills have none.
    """

    name = "fills"
    interval = 15

    def fetch(self, user_ids: Sequence[int]) -> Mapping[int, Document]:
        documents: dict[int, Document] = {user_id: {} for user_id in user_ids}
        for row in newest_fills(user_ids):
            documents[row.user_id][str(row.id)] = _entry(row)
        return documents

    def versions(self, user_ids: Sequence[int]) -> Mapping[int, object]:
        return fill_texts(user_ids)


def _entry(row: FillRow) -> Document:
    return present(
        account=row.account,
        order=str(row.order_id),
        symbol=row.symbol,
        side=row.side,
        marketTime=None if row.market_time is None else milliseconds(row.market_time),
        **fill_figures(row),
    )
