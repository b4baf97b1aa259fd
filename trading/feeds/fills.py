"""The feed `fills`: the newest executions of each user."""

from collections.abc import Mapping, Sequence

from pushers import Document, Feed, register
from trading.selectors.fills import FillRow, fill_texts, newest_fills
from trading.wire import decimal_text, milliseconds


@register
class FillsFeed(Feed):
    """Fill id -> {account, order, symbol, side, price, amount, cost, fee, realizedPnl, takerOrMaker, timestamp}."""

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
    return {
        "account": row.account,
        "order": str(row.order_id),
        "symbol": row.symbol,
        "side": row.side,
        "price": decimal_text(row.price),
        "amount": decimal_text(row.amount),
        "cost": decimal_text(row.cost),
        "fee": decimal_text(row.fee),
        "realizedPnl": decimal_text(row.realized_pnl),
        "takerOrMaker": row.taker_or_maker,
        "timestamp": milliseconds(row.created_at),
    }
