"""The feed `orders`: the open orders of each account."""

from collections.abc import Mapping, Sequence

from pushers import Document, Feed, register
from trading.selectors.orders import OrderRow, open_orders, order_texts
from trading.wire import decimal_text
from trading.wire_rows import order_figures


@register
class OrdersFeed(Feed):
    """Order id -> the open order in ccxt's words; a closed order leaves the document."""

    name = "orders"
    interval = 15

    def fetch(self, user_ids: Sequence[int]) -> Mapping[int, Document]:
        documents: dict[int, Document] = {user_id: {} for user_id in user_ids}
        for row in open_orders(user_ids):
            documents[row.user_id][str(row.id)] = _entry(row)
        return documents

    def versions(self, user_ids: Sequence[int]) -> Mapping[int, object]:
        return order_texts(user_ids)


def _entry(row: OrderRow) -> Document:
    return {
        **order_figures(row),
        "remaining": decimal_text(row.amount - row.filled),
        "status": "open",
        "reduceOnly": row.reduce_only,
    }
