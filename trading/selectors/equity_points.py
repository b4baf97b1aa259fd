"""Read what accounts are worth now, to note it."""

from collections import defaultdict
from decimal import Decimal

from trading.accounting import ZERO, unrealized_pnl
from trading.models import Account, Position


def current_equities() -> dict[int, Decimal]:
    """Return every account's total + unrealized PnL at the newest marks, in two queries.

    A position without a quote counts at cost.
    """
    held = Position.objects.exclude(signed_amount=0).exclude(instrument__quote=None)
    unrealized: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for account_id, *valued in held.values_list("account_id", "signed_amount", "open_cost", "instrument__quote__mark"):
        unrealized[account_id] += unrealized_pnl(*valued)
    totals = Account.objects.order_by().values_list("pk", "total")
    return {account_id: total + unrealized[account_id] for account_id, total in totals}
