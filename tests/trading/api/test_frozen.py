"""What a trader is told while his trading is frozen: by the API a stable code, by the site words."""

from decimal import Decimal

import pytest
from django.test import Client

from tests.trading.api.test_orders import LIMIT, placed
from trading.services import Operator, order_place, trading_freeze

pytestmark = pytest.mark.django_db


def freeze(user):
    trading_freeze(user=user, reason="known to the operator alone", by=Operator())


def test_a_program_is_refused_with_a_code_and_may_still_cancel(trader, user, instrument):
    order = placed(trader, LIMIT)
    freeze(user)
    status, document = trader.call("POST", "/orders", LIMIT)
    assert (status, document["code"]) == (409, "trading_frozen")
    assert "known to the operator" not in str(document)
    assert trader.call("DELETE", f"/orders/{order['id']}")[0] in (200, 204)


def test_the_site_says_it_in_words(user, account, instrument):
    freeze(user)
    browser = Client()
    browser.force_login(user)
    answer = browser.post("/orders/", {**LIMIT, "account": account.name}, follow=True)
    assert "Trading is frozen for you" in answer.text
    assert not account.orders.exists()


def test_what_was_placed_before_is_listed_as_before(trader, user, account, instrument):
    order_place(account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(10), price=Decimal(90))
    freeze(user)
    assert len(trader.get("/orders")["items"]) == 1
