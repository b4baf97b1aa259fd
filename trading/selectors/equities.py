"""Read what users are worth now, for lists of users."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from trading.accounting import ZERO, unrealized_pnl
from trading.models import Account, Position


def equities_of_users(user_ids: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """Return user -> currency -> equity of all his accounts at the newest marks, in two queries.

    A position without a quote counts at cost.
    """
    equities: dict[int, dict[str, Decimal]] = {user_id: defaultdict(lambda: ZERO) for user_id in user_ids}
    for user_id, currency, total in Account.objects.filter(user__in=user_ids).values_list(
        "user_id", "currency", "total"
    ):
        equities[user_id][currency] += total
    held = Position.objects.filter(account__user__in=user_ids).exclude(signed_amount=0)
    columns = ("account__user_id", "account__currency", "signed_amount", "open_cost", "instrument__quote__mark")
    for user_id, currency, *valued in held.exclude(instrument__quote=None).values_list(*columns):
        equities[user_id][currency] += unrealized_pnl(*valued)
    return equities
