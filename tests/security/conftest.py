"""Alice, who has something of everything, and mallory, who has nothing and wants it."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.trading.rows import make_instrument, set_quote
from trading.models import Account, Fill, Instrument, Position, User
from trading.services import account_open, order_place, token_create

PASSWORD = "correct-horse-battery"


@pytest.fixture
def instrument(db: None) -> Instrument:
    made = make_instrument()
    set_quote(made, "99", "101")
    return made


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password=PASSWORD)


@pytest.fixture
def account(alice: User) -> Account:
    return Account.objects.get(user=alice)


@pytest.fixture
def keys(alice: User, account: Account, instrument: Instrument) -> dict[str, Any]:
    """The names and numbers of what alice has."""
    account_open(user=alice, name="hers")
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=Decimal(10))
    order = order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(1), price=Decimal(60))
    token, _ = token_create(user=alice, name="hers")
    numbers = {"order": order.pk, "position": Position.objects.get().pk, "fill": Fill.objects.get().pk}
    return {"account": "hers", "user": alice.pk, "token": token.pk, **numbers}


@pytest.fixture
def trader(alice: User) -> Client:
    """Alice's browser."""
    browser = Client()
    browser.force_login(alice)
    return browser


@pytest.fixture
def stranger(db: None) -> Client:
    """Mallory's browser, signed in."""
    browser = Client()
    browser.force_login(User.objects.create_user("mallory"))
    return browser
