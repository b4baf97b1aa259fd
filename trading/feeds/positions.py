"""The feed `positions`: what each account holds; nothing in it moves with the market."""

from collections.abc import Mapping, Sequence

from pushers import Document, Feed, register
from trading.accounting import entry_price
from trading.selectors.positions import PositionRow, open_positions, position_texts
from trading.wire import decimal_text, milliseconds, optional_text, present


@register
class PositionsFeed(Feed):
    """Position id -> {account, symbol, side, contracts, entryPrice, leverage, takeProfit, stopLoss, timestamp}."""

    name = "positions"
    interval = 5

    def fetch(self, user_ids: Sequence[int]) -> Mapping[int, Document]:
        documents: dict[int, Document] = {user_id: {} for user_id in user_ids}
        for row in open_positions(user_ids):
            documents[row.user_id][str(row.id)] = _entry(row)
        return documents

    def versions(self, user_ids: Sequence[int]) -> Mapping[int, object]:
        return position_texts(user_ids)


def _entry(row: PositionRow) -> Document:
    return present(
        account=row.account,
        symbol=row.symbol,
        side="long" if row.signed_amount > 0 else "short",
        contracts=decimal_text(abs(row.signed_amount)),
        entryPrice=optional_text(entry_price(row.signed_amount, row.open_cost)),
        leverage=decimal_text(row.leverage),
        takeProfit=optional_text(row.take_profit),
        stopLoss=optional_text(row.stop_loss),
        timestamp=None if row.opened_at is None else milliseconds(row.opened_at),
    )
