"""A trader, his market and his documents, as the pages get them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from pushers.feed import SymbolFeed
from trading.models import Account, Instrument, Quote, User

MARKET_TIME = 1223307060000  # 2008-10-06 15:31:00 UTC
JSON = {"HTTP_ACCEPT": "application/json"}  # as the page's script asks
TIMESTAMP = 1767225600412  # 2026-01-01 00:00:00 UTC
VALUED = {
    "side": "long",
    "contracts": "10",
    "entryPrice": "60.05",
    "markPrice": "61.5",
    "unrealizedPnl": "14.5",
    "percentage": "2.41465445",
}
POSITION = {
    "account": "paper",
    "symbol": "AAPL",
    "side": "long",
    "contracts": "10",
    "entryPrice": "60.05",
    "leverage": 1,
    "timestamp": TIMESTAMP,
}
PNL = {
    "equity": "100002.15432101",
    "unrealizedPnl": "14.5",
    "realizedPnl": "-12.34567899",
    "dayPnl": "2.15432101",
    "fees": "0.3",
    "positions": {"AAPL": VALUED},
}
ORDER = {
    "account": "paper",
    "symbol": "AAPL",
    "side": "buy",
    "type": "limit",
    "price": "60",
    "amount": "10",
    "filled": "0",
    "remaining": "10",
    "status": "open",
    "timestamp": TIMESTAMP,
}
FILL = {
    "account": "paper",
    "order": "317",
    "symbol": "AAPL",
    "side": "sell",
    "price": "60.05",
    "amount": "1000",
    "cost": "60050",
    "fee": "30.025",
    "realizedPnl": "-12.34567899",
    "takerOrMaker": "taker",
    "timestamp": TIMESTAMP,
}
DOCUMENTS: dict[str, Any] = {
    "balance": {"paper": {"currency": "USD", "total": "99987.65432101", "used": "1200.5", "free": "98787.15432101"}},
    "positions": {"7": POSITION},
    "pnl": {"paper": PNL},
    "orders": {"318": ORDER},
    "fills": {"9": FILL},
}
EMPTY: dict[str, Any] = {name: {} for name in DOCUMENTS}
TICKER = {
    "symbol": "AAPL",
    "bid": "61.49",
    "ask": "61.51",
    "last": "61.5",
    "markPrice": "61.5",
    "percentage": "-1.2",
    "marketTime": MARKET_TIME,
    "timestamp": TIMESTAMP,
}


class FakeTickers(SymbolFeed):
    """One ticker, of AAPL."""

    def fetch(self, symbols: Any) -> Any:
        return {symbol: TICKER for symbol in symbols if symbol == "AAPL"}


@pytest.fixture
def documents(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the feeds give the pages; a test may change it."""
    current = dict(DOCUMENTS)
    monkeypatch.setattr("trading.pages.dashboard.read", lambda user_id, names: {name: current[name] for name in names})
    monkeypatch.setattr("trading.pages.market_panel.symbol_feed", FakeTickers)
    return current


@pytest.fixture
def alice(db: None) -> User:
    """A trader with one account."""
    user = User.objects.create_user("alice", password="paper-trading")
    money = {"total": Decimal(100_000), "day_started": timezone.now().date()}
    Account.objects.get_or_create(user=user, name="paper", defaults=money)
    return user


@pytest.fixture
def account(alice: User) -> Account:
    """Her account: 100,000 USD."""
    return Account.objects.get(user=alice)


@pytest.fixture
def trader(client: Client, alice: User) -> Client:
    """Her browser, signed in."""
    client.force_login(alice)
    return client


@pytest.fixture
def stranger(db: None) -> Client:
    """Another trader's browser, signed in."""
    browser = Client()
    browser.force_login(User.objects.create_user("mallory"))
    return browser


def said(response: Any) -> list[tuple[str, str]]:
    """The messages that the next page will show."""
    return [(message.level_tag, str(message)) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def aapl(db: None) -> Instrument:
    """An instrument with a fresh quote of the replay."""
    instrument = Instrument.objects.create(
        symbol="AAPL", name="Apple", tick_size=Decimal("0.01"), step_size=Decimal(1), minimum_notional=Decimal(10),
        maker_fee_rate=Decimal(0), taker_fee_rate=Decimal("0.0005"), maximum_leverage=5,
    )  # fmt: skip
    prices = dict.fromkeys(("bid", "ask", "last", "mark", "open", "high", "low", "previous_close"), Decimal("61.5"))
    sizes = dict.fromkeys(("bid_size", "ask_size", "volume"), Decimal(100))
    moment = datetime(2008, 10, 6, 15, 30, tzinfo=UTC)
    Quote.objects.create(
        instrument=instrument, market_time=moment, updated_at=timezone.now(), source="replay", **prices, **sizes
    )
    return instrument
