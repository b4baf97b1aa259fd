"""Fills that the selectors' tests read."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

from trading.models import Account, Fill, Instrument, Order

NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)  # a Thursday
_numbers = count(1)


def add_fill(
    account: Account,
    instrument: Instrument,
    realized: str = "0",
    fee: str = "1",
    at: datetime = NOW,
    closed: str | None = None,
    side: str = "sell",
) -> Fill:
    """A fill of one unit at 100; it closed quantity if it earned anything, unless `closed` says otherwise."""
    order = Order.objects.create(account=account, instrument=instrument, side=side, type="market", amount=1)
    amount = Decimal(1 if Decimal(realized) else 0) if closed is None else Decimal(closed)
    return Fill.objects.create(
        order=order,
        account=account,
        instrument=instrument,
        trade_id=f"traded-{next(_numbers)}",
        side=side,
        price=Decimal(100),
        amount=1,
        closed_amount=amount,
        cost=Decimal(100),
        fee=Decimal(fee),
        realized_pnl=Decimal(realized),
        taker_or_maker="taker",
        created_at=at,
    )
