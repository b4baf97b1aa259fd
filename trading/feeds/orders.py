"""The feed `orders`: the open orders of each account."""

from collections.abc import Mapping, Sequence

from pushers import Document, Feed, register
from trading.accounting import entry_price
from trading.selectors.orders import OrderRow, open_orders, order_texts
from trading.wire import decimal_text, milliseconds, optional_text, present


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
    return present(
        account=row.account,
        clientOrderId=row.client_order_id,
        symbol=row.symbol,
        type=row.type,
        side=row.side,
        price=optional_text(row.price),
        triggerPrice=optional_text(row.trigger_price),
        amount=decimal_text(row.amount),
        filled=decimal_text(row.filled),
        remaining=decimal_text(row.amount - row.filled),
        average=optional_text(entry_price(row.filled, row.cost)),
        status="open",
        timeInForce=row.time_in_force,
        reduceOnly=row.reduce_only,
        timestamp=milliseconds(row.created_at),
        lastUpdateTimestamp=milliseconds(row.updated_at),
    )
