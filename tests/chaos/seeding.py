"""The rows that a chaos run starts with: traders with a token, two accounts each, and two instruments."""

from decimal import Decimal
from functools import cache
from typing import Any

from django.utils import timezone

from tests.chaos import marks
from tests.trading.rows import make_instrument, set_quote
from trading.models import Account, AccountErasure, Fill, Instrument, Order, Position, User
from trading.services import account_open, token_create

DEPOSIT = Decimal(1_000_000_000)


def seed(traders: int) -> list[dict[str, Any]]:
    """Make the rows of version 1 of each trader; return {trader, user, token} of each."""
    rates = {"maker_fee_rate": marks.MAKER, "taker_fee_rate": marks.TAKER, "minimum_notional": 1, "maximum_leverage": 1}
    for symbol in (marks.STILL, marks.MOVING):
        set_quote(make_instrument(symbol, **rates), str(marks.BID), str(marks.ASK), mark=marks.MARK, last=marks.MARK)
    return [_seed_trader(trader) for trader in range(traders)]


def _seed_trader(trader: int) -> dict[str, Any]:
    user = User(username=f"u{trader}", password="!")
    User.objects.bulk_create([user])  # without the first account that a signal would open
    account_open(user=user, name=marks.desk(trader), deposit=DEPOSIT)
    account = Account.objects.create(user=user, name=marks.marks(trader), day_started=timezone.now().date())
    instrument = Instrument.objects.get(symbol=marks.instrument(trader))
    Position.objects.create(
        account=account, instrument=instrument, signed_amount=1, open_cost=marks.COST, opened_at=timezone.now()
    )
    closed = Order.objects.create(
        account=account, instrument=instrument, side="buy", type="limit", price=1, amount=1, status="canceled"
    )
    _, token = token_create(user=user, name="chaos")
    # Its fills change with every version, which the books allow only to an account that is being erased.
    AccountErasure.objects.create(
        account_id=account.pk, username=user.username, name=account.name, total=0, reason="its fills are marks"
    )
    write_marks(Marked(trader, user.pk, account.pk, closed.pk), marks.version(1, trader))
    return {"trader": trader, "user": user.pk, "account": account.pk, "order": closed.pk, "token": token}


class Marked:
    """The rows of one trader that carry the version. `order`: a closed one, to which the fills belong."""

    def __init__(self, trader: int, user: int, account: int, order: int) -> None:
        self.trader, self.user, self.account, self.order = trader, user, account, order


def write_marks(rows: Marked, version: int) -> int:
    """Write a version into all five feeds' rows, as nothing in the site would; return how many rows changed."""
    written = Account.objects.filter(pk=rows.account).update(total=version, used=marks.used(version))
    written += Position.objects.filter(account_id=rows.account).update(
        take_profit=version,
        stop_loss=marks.stop_loss(version),
        leverage=marks.leverage(version),
        fees=version,
        realized_pnl=-version,
    )
    return written + _write_order(rows, version) + _write_fills(rows, version)


def _write_order(rows: Marked, version: int) -> int:
    order = Order.objects.filter(account_id=rows.account).exclude(pk=rows.order)
    if not marks.has_order(version):
        return order.delete()[0]
    if marks.number_of(version) % 2 and (changed := order.update(client_order_id=f"v{version}", amount=version)):
        return changed
    deleted, _ = order.delete()
    Order.objects.create(
        account_id=rows.account,
        instrument_id=instrument_id(marks.STILL),
        client_order_id=f"v{version}",
        side="buy",
        type="limit",
        price=1,
        amount=version,
    )
    return deleted + 1


def _write_fills(rows: Marked, version: int) -> int:
    deleted, _ = Fill.objects.filter(account_id=rows.account).delete()
    Fill.objects.bulk_create(
        Fill(
            order_id=rows.order,
            account_id=rows.account,
            instrument_id=instrument_id(marks.instrument(rows.trader)),
            trade_id=f"v{version}-{price}",
            side="buy",
            price=price,
            amount=version,
            cost=version * price,
            taker_or_maker="taker",
        )
        for price in range(1, marks.FILLS + 1)
    )
    return deleted + marks.FILLS


@cache
def instrument_id(symbol: str) -> int:
    return Instrument.objects.get(symbol=symbol).pk
