"""The feed `fills`: the newest executions of each user."""

from collections.abc import Mapping, Sequence

from pushers import Document, Feed, register
from trading.selectors.fills import FillRow, newest_fills
from trading.wire import decimal_text, milliseconds, present


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


def _entry(row: FillRow) -> Document:
    return present(
        account=row.account,
        order=str(row.order_id),
        symbol=row.symbol,
        side=row.side,
        price=decimal_text(row.price),
        amount=decimal_text(row.amount),
        cost=decimal_text(row.cost),
        fee=decimal_text(row.fee),
        realizedPnl=decimal_text(row.realized_pnl),
        takerOrMaker=row.taker_or_maker,
        timestamp=milliseconds(row.created_at),
        marketTime=None if row.market_time is None else milliseconds(row.market_time),
    )
