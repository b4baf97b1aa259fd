"""Read how far accounts are from liquidation: all positions of an account stand for each other."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from trading import accounting
from trading.accounting import ZERO
from trading.models import Account, Instrument, Position, Quote
from trading.selectors.pnl import ValuedPositionRow

# Products of columns are done as floating point numbers, because on SQLite the columns are scaled integers: good enough
# to find who must be looked at, exactly and under his lock. 1e-8 of the sums covers what floating point loses.
SCALE = {"postgresql": 1, "sqlite": 10**8}
NEAR = "1e-8"
BELOW_MAINTENANCE = f"""
    SELECT account.id FROM {Account._meta.db_table} account
    JOIN {Position._meta.db_table} position ON position.account_id = account.id AND position.signed_amount <> 0
    JOIN {Instrument._meta.db_table} instrument ON instrument.id = position.instrument_id
    JOIN {Quote._meta.db_table} quote ON quote.instrument_id = position.instrument_id
    GROUP BY account.id, account.total
    HAVING MIN(quote.updated_at) >= %(oldest)s
    AND account.total + SUM(CAST(position.signed_amount AS double precision) * quote.mark / %(scale)s
        - CASE WHEN position.signed_amount > 0 THEN position.open_cost ELSE -position.open_cost END
        - ABS(CAST(position.signed_amount AS double precision)) * quote.mark
            * instrument.maintenance_margin_rate / %(scale)s / %(scale)s)
    < {NEAR} * (ABS(account.total) + SUM(position.open_cost))
"""


class Health(NamedTuple):
    """An account's equity, and what its positions want of it."""

    equity: Decimal
    maintenance: Decimal

    @property
    def is_below(self) -> bool:
        """Whether the account is to be liquidated."""
        return self.equity < self.maintenance


def accounts_near_liquidation(oldest: datetime) -> list[int]:
    """Return the accounts that look as if their equity were below maintenance, in one query.

    An account is left out while one of its quotes is older than `oldest`: its equity is not known.
    """
    with connection.cursor() as cursor:
        moment = connection.ops.adapt_datetimefield_value(oldest)
        cursor.execute(BELOW_MAINTENANCE, {"oldest": moment, "scale": float(SCALE[connection.vendor])})
        return [account_id for (account_id,) in cursor.fetchall()]


def health(total: Decimal, positions: Iterable[ValuedPositionRow]) -> Health | None:
    """Return where an account of this total stands at the newest marks; None where one is missing."""
    equity, maintenance = total, ZERO
    for row in positions:
        if not row.signed_amount:
            continue
        if row.mark is None:
            return None
        equity += accounting.unrealized_pnl(row.signed_amount, row.open_cost, row.mark)
        maintenance += accounting.maintenance_margin(row.signed_amount, row.mark, row.maintenance_margin_rate)
    return Health(equity, maintenance)


class Valued(NamedTuple):
    """An open position at its mark; `liquidation_price` is there where some mark leads to liquidation."""

    row: ValuedPositionRow
    mark: Decimal
    unrealized_pnl: Decimal
    liquidation_price: Decimal | None


def valued(total: Decimal, positions: Iterable[ValuedPositionRow]) -> list[Valued]:
    """Return the open positions of an account of this total that have a mark.

    A liquidation price is the mark at which the account would be liquidated, all else equal; none is known while any
    mark is missing.
    """
    held = [row for row in positions if row.signed_amount]
    marked = [(row, row.mark) for row in held if row.mark is not None]
    earned = [accounting.unrealized_pnl(row.signed_amount, row.open_cost, mark) for row, mark in marked]
    if len(marked) < len(held):
        return [Valued(row, mark, own, None) for (row, mark), own in zip(marked, earned, strict=True)]
    wanted = [
        accounting.maintenance_margin(row.signed_amount, mark, row.maintenance_margin_rate) for row, mark in marked
    ]
    equity, maintenance = sum(earned, total), sum(wanted, ZERO)
    return [
        Valued(row, mark, own, _liquidation_price(row, equity - own, maintenance - needed))
        for (row, mark), own, needed in zip(marked, earned, wanted, strict=True)
    ]


def liquidation_prices(total: Decimal, positions: Iterable[ValuedPositionRow]) -> Mapping[str, Decimal]:
    """Return the liquidation prices that there are, by symbol."""
    return {
        position.row.symbol: position.liquidation_price
        for position in valued(total, positions)
        if position.liquidation_price is not None
    }


def _liquidation_price(row: ValuedPositionRow, equity: Decimal, maintenance: Decimal) -> Decimal | None:
    return accounting.liquidation_price(
        row.signed_amount,
        row.open_cost,
        row.maintenance_margin_rate,
        equity_elsewhere=equity,
        maintenance_elsewhere=maintenance,
    )
