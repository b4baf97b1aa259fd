"""The feed `balance`: what each account has, holds in use, and may spend."""

from collections.abc import Mapping, Sequence

from pushers import Document, Feed, register
from trading.selectors.accounts import balance_texts, balances
from trading.wire import decimal_text


@register
class BalanceFeed(Feed):
    """Account name -> {currency, total, used, free}; total = used + free exactly."""

    name = "balance"
    interval = 10

    def fetch(self, user_ids: Sequence[int]) -> Mapping[int, Document]:
        documents: dict[int, Document] = {user_id: {} for user_id in user_ids}
        for row in balances(user_ids):
            documents[row.user_id][row.account] = {
                "currency": row.currency,
                "total": decimal_text(row.total),
                "used": decimal_text(row.used),
                "free": decimal_text(row.total - row.used),
            }
        return documents

    def versions(self, user_ids: Sequence[int]) -> Mapping[int, object]:
        return balance_texts(user_ids)
