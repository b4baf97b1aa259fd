"""Rows that the tests of the trading domain build."""

from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from trading.models import Account, Fill, Instrument, Order, Position, Quote, User

_numbers = count(1)


def make_user(**fields: Any) -> User:
    return User.objects.create_user(**{"username": f"trader-{next(_numbers)}", **fields})


def make_account(**fields: Any) -> Account:
    """The first account of a new user: 100,000 USD, leverage 1 unless `fields` says otherwise."""
    account = make_user().accounts.get()
    Account.objects.filter(pk=account.pk).update(**fields)
    account.refresh_from_db()
    return account


def make_instrument(symbol: str = "AAPL", **fields: Any) -> Instrument:
    defaults = {
        "name": symbol,
        "tick_size": Decimal("0.01"),
        "step_size": Decimal("1"),
        "minimum_notional": Decimal("10"),
        "maker_fee_rate": Decimal("0.0005"),
        "taker_fee_rate": Decimal("0.001"),
        "maximum_leverage": 5,
    }
    return Instrument.objects.create(symbol=symbol, **{**defaults, **fields})


def set_quote(instrument: Instrument, bid: str, ask: str, **fields: Any) -> Quote:
    """Quote the instrument now; its mark is the middle."""
    low, high = Decimal(bid), Decimal(ask)
    middle = (low + high) / 2
    defaults = {
        **dict.fromkeys(("last", "mark", "open", "high", "low", "previous_close"), middle),
        **{name: Decimal(10**9) for name in ("bid_size", "ask_size", "volume")},
        "market_time": timezone.now(),
        "updated_at": timezone.now(),
        "source": Quote.Source.REPLAY,
    }
    quote, _ = Quote.objects.update_or_create(
        instrument=instrument, defaults={**defaults, "bid": low, "ask": high, **fields}
    )
    return quote


def bulk_accounts(number: int) -> list[Account]:
    """As many users with an account each, without signals and services."""
    users = User.objects.bulk_create(User(username=f"bulk-{next(_numbers)}") for _ in range(number))
    return Account.objects.bulk_create(
        Account(user=user, name="paper", total=Decimal(1000), day_started=timezone.now().date()) for user in users
    )


def bulk_trades(accounts: list[Account], instrument: Instrument, fills_each: int = 3) -> None:
    """An open position, an open order and some fills for each account."""
    shared = {"instrument": instrument}
    Position.objects.bulk_create(
        Position(account=account, signed_amount=2, open_cost=20, margin=20, **shared) for account in accounts
    )
    orders = Order.objects.bulk_create(
        Order(account=account, side="buy", type="limit", price=9, amount=5, **shared) for account in accounts
    )
    Fill.objects.bulk_create(
        Fill(
            order=order,
            account=order.account,
            trade_id=f"bulk-{next(_numbers)}",
            side="buy",
            price=10,
            amount=1,
            cost=10,
            taker_or_maker="taker",
            **shared,
        )
        for order in orders
        for _ in range(fills_each)
    )
