from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_instrument, set_quote
from trading.api.routers.orders import EXAMPLES
from trading.models import Account, Fill, Instrument, Order, Position, Quote
from trading.services import account_open

pytestmark = pytest.mark.django_db
MARKET = {"symbol": "AAPL", "side": "buy", "type": "market", "amount": "10"}
LIMIT = {**MARKET, "type": "limit", "price": "90"}


@pytest.fixture(autouse=True)
def _quoted(instrument):
    """AAPL, quoted 99 / 101."""


def placed(caller, body):
    status, document = caller.call("POST", "/orders", body)
    assert status == 201, document
    return document


def test_a_market_order_fills(trader):
    found = placed(trader, MARKET)
    expected = {
        "status": "closed",
        "filled": "10",
        "remaining": "0",
        "average": "101",
        "cost": "1010",
        "type": "market",
    }
    assert expected.items() <= found.items()
    assert trader.get(f"/orders/{found['id']}") == found
    assert not {"price", "clientOrderId", "rejectReason", "triggerPrice"} & set(found)


def test_a_limit_order_rests(trader):
    found = placed(trader, {**LIMIT, "clientOrderId": "mine-1"})
    assert (found["status"], found["price"], found["clientOrderId"]) == ("open", "90", "mine-1")
    assert trader.get("/orders")["items"] == [found]


def test_an_amount_of_money_becomes_whole_steps(trader):
    found = placed(trader, {**MARKET, "amount": None, "quoteAmount": "1000"})
    assert (found["amount"], found["filled"]) == ("9", "9")


def test_take_profit_and_stop_loss_are_put_on_the_position(trader):
    placed(trader, {**MARKET, "takeProfit": "120", "stopLoss": "80"})
    (position,) = trader.get("/positions")["items"]
    assert (position["takeProfit"], position["stopLoss"]) == ("120", "80")


def test_the_leverage_comes_with_the_order(trader):
    placed(trader, {**MARKET, "leverage": 5})
    (position,) = trader.get("/positions")["items"]
    assert position["leverage"] == "5"
    assert Position.objects.get().margin == D(202)


def test_a_refused_order_leaves_the_leverage_as_it_was(trader):
    assert trader.code("POST", "/orders", {**LIMIT, "price": "90.001", "leverage": 5}) == (422, "price_off_tick")
    assert not Position.objects.filter(leverage=5).exists()


def test_the_documented_examples_are_accepted(trader, instrument):
    set_quote(instrument, "59.9", "60.1")
    for body in EXAMPLES.values():
        placed(trader, body)


def test_a_stop_waits(trader):
    found = placed(trader, {**MARKET, "type": "stop_market", "triggerPrice": "110"})
    assert (found["status"], found["triggerPrice"]) == ("open", "110")


def test_the_same_client_order_id_and_body_are_the_same_order(trader):
    first = placed(trader, {**MARKET, "clientOrderId": "mine-1", "leverage": 2})
    again = placed(trader, {**MARKET, "amount": "10.0", "clientOrderId": "mine-1", "leverage": 2})
    assert (again["id"], Order.objects.count(), Fill.objects.count()) == (first["id"], 1, 1)


def test_another_body_under_the_same_client_order_id_is_refused(trader):
    placed(trader, {**MARKET, "clientOrderId": "mine-1"})
    for other in ({"amount": "11"}, {"leverage": 2}):
        code = trader.code("POST", "/orders", {**MARKET, **other, "clientOrderId": "mine-1"})
        assert code == (409, "duplicate_client_order_id")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"symbol": "NONE"}, 422, "unknown_symbol"),
        ({"amount": "1.5"}, 422, "amount_off_step"),
        ({"amount": "0"}, 422, "invalid_amount"),
        ({"amount": "-1"}, 422, "invalid_amount"),
        ({"amount": "0.000000001"}, 422, "invalid_amount"),
        ({"amount": "99999999999"}, 422, "invalid_amount"),
        ({"amount": "999999999"}, 422, "amount_too_large"),
        ({"amount": "100000"}, 422, "insufficient_margin"),
        ({"amount": None}, 422, "invalid_amount"),
        ({"quoteAmount": "100"}, 422, "invalid_amount"),
        ({"price": "90"}, 422, "price_not_allowed"),
        ({"type": "limit"}, 422, "price_required"),
        ({"type": "limit", "price": "90.001"}, 422, "price_off_tick"),
        ({"type": "limit", "price": "0"}, 422, "invalid_price"),
        ({"type": "limit", "price": "0.5", "amount": "1"}, 422, "below_minimum_notional"),
        ({"type": "limit", "price": "101", "postOnly": True}, 409, "post_only_would_take"),
        ({"type": "stop_market"}, 422, "trigger_price_required"),
        ({"type": "stop_market", "triggerPrice": "99"}, 409, "would_trigger_now"),
        ({"triggerPrice": "110"}, 422, "trigger_price_not_allowed"),
        ({"reduceOnly": True}, 409, "nothing_to_reduce"),
        ({"stopLoss": "200"}, 422, "invalid_stop_loss"),
        ({"leverage": 6}, 422, "invalid_leverage"),
        ({"clientOrderId": "a\u0007"}, 422, "invalid_client_order_id"),
    ],
)
def test_a_refusal_has_its_code(trader, change, status, code):
    before = Account.objects.values().get()
    found = trader.call("POST", "/orders", {**MARKET, **change})
    assert (found[0], found[1]["code"]) == (status, code)
    assert (Order.objects.count(), Account.objects.values().get()) == (0, before)


def test_a_halted_instrument(trader):
    Instrument.objects.update(halted=True)
    assert trader.code("POST", "/orders", MARKET) == (409, "halted")


@pytest.mark.parametrize("quote", ["old", "missing"])
def test_a_stale_market(trader, quote):
    if quote == "old":
        Quote.objects.update(updated_at=timezone.now() - timedelta(seconds=11))
    else:
        Quote.objects.all().delete()
    assert trader.code("POST", "/orders", MARKET) == (409, "stale_market")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalid_request"),
        ("{", "malformed_json"),
        ("nothing", "malformed_json"),
        (b"\xff", "malformed_json"),
        ('{"amount": NaN}', "malformed_json"),
        ('{"amount": "1", "amount": "2"}', "malformed_json"),
        ("[" * 100_000, "malformed_json"),
        ("[]", "invalid_request"),
        ("null", "invalid_request"),
        ('"text"', "invalid_request"),
        ("1", "invalid_request"),
    ],
)
def test_a_body_that_is_no_order(trader, body, code):
    assert trader.code("POST", "/orders", body)[1] == code


def test_another_content_type(trader):
    response = trader.client.post("/api/v1/orders", "a=1", content_type="text/plain", headers=trader.headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("amount", [1, 1.5, "1e3", "+1", " 1", "1.", ".5", "NaN", "\u0661", True, [], {}])
def test_an_amount_that_is_no_decimal_string_is_refused_with_its_reason(trader, amount):
    status, document = trader.call("POST", "/orders", {**MARKET, "amount": amount})
    assert (status, document["code"]) == (422, "invalid_request")
    (error,) = document["errors"]
    assert (error["in"], error["name"], error["code"]) == ("body", "amount", "decimal_text")
    assert "as a string" in error["message"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"stopLos": "90"}, "stopLos"),
        ({"side": "hold"}, "side"),
        ({"type": "iceberg"}, "type"),
        ({"timeInForce": "gtc"}, "timeInForce"),
        ({"postOnly": "true"}, "postOnly"),
        ({"leverage": "5"}, "leverage"),
        ({"leverage": 5.0}, "leverage"),
        ({"symbol": "\ud800"}, "symbol"),
        ({"clientOrderId": "\ud800"}, "clientOrderId"),
        ({"clientOrderId": "x" * 65}, "clientOrderId"),
    ],
)
def test_nothing_is_converted_and_nothing_is_lost(trader, change, name):
    status, document = trader.call("POST", "/orders", {**MARKET, **change})
    assert (status, document["code"], document["errors"][0]["name"]) == (422, "invalid_request", name)


def test_a_preview_says_what_an_order_would_do_and_writes_nothing(reader):
    status, found = reader.call("POST", "/orders/preview", {**MARKET, "leverage": 5})
    assert status == 200
    expected = {"amount": "10", "price": "101", "notional": "1010", "margin": "202", "fee": "1.01", "reasons": []}
    assert expected.items() <= found.items()
    assert found["freeAfter"] == "99796.99"
    assert not Order.objects.exists()


def test_a_preview_names_the_refusals(reader):
    _, found = reader.call("POST", "/orders/preview", {**MARKET, "amount": "5000"})
    assert [reason["code"] for reason in found["reasons"]] == ["insufficient_margin"]
    assert reader.code("POST", "/orders/preview", {**MARKET, "symbol": "NONE"}) == (422, "unknown_symbol")


def test_an_order_is_amended(trader):
    order = placed(trader, LIMIT)
    status, found = trader.call("PATCH", f"/orders/{order['id']}", {"price": "91", "amount": "5"})
    assert (status, found["price"], found["amount"], found["status"]) == (200, "91", "5", "open")


def test_an_amend_that_is_refused_changes_nothing(trader):
    order = placed(trader, LIMIT)
    assert trader.code("PATCH", f"/orders/{order['id']}", {"price": "91.001"}) == (422, "price_off_tick")
    assert trader.code("PATCH", f"/orders/{order['id']}", {}) == (422, "nothing_to_amend")
    assert trader.get(f"/orders/{order['id']}")["price"] == "90"


def test_an_order_is_canceled_once(trader):
    order = placed(trader, LIMIT)
    status, found = trader.call("DELETE", f"/orders/{order['id']}")
    assert (status, found["status"]) == (200, "canceled")
    assert trader.code("DELETE", f"/orders/{order['id']}") == (409, "not_open")
    assert trader.code("PATCH", f"/orders/{order['id']}", {"price": "91"}) == (409, "not_open")
    assert trader.get("/orders")["items"] == []


def test_all_orders_are_canceled_or_those_of_a_symbol(trader):
    set_quote(make_instrument("MSFT"), "99", "101")
    apple, microsoft = placed(trader, LIMIT), placed(trader, {**LIMIT, "symbol": "MSFT"})
    _, found = trader.call("POST", "/orders/cancel-all", {"symbol": "MSFT"})
    assert [(order["id"], order["status"]) for order in found["items"]] == [(microsoft["id"], "canceled")]
    _, found = trader.call("POST", "/orders/cancel-all", {})
    assert [order["id"] for order in found["items"]] == [apple["id"]]


def test_another_users_order_does_not_exist(trader, stranger):
    order = placed(trader, LIMIT)
    for method, body in (("GET", None), ("PATCH", {"price": "91"}), ("DELETE", None)):
        found = stranger.code(method, f"/orders/{order['id']}", body)
        assert found == stranger.code(method, "/orders/999999", body) == (404, "not_found")
    assert stranger.get("/orders")["items"] == []
    assert trader.get(f"/orders/{order['id']}") == order


@pytest.mark.parametrize("order_id", ["0", "-1", "x", "1.0", "9" * 40, "\u0661", "%00"])
def test_what_is_no_id_is_no_order(trader, order_id):
    assert trader.code("GET", f"/orders/{order_id}") == (404, "not_found")


def test_another_users_account_does_not_exist(trader, user, stranger):
    account_open(user=user, name="second")
    for path, body in (
        ("/orders", MARKET),
        ("/orders/preview", MARKET),
        ("/orders/cancel-all", {}),
        ("/positions/close", {"symbol": "AAPL"}),
    ):
        assert stranger.code("POST", path, {**body, "account": "second"}) == (404, "not_found")
    assert placed(trader, {**MARKET, "account": "second"})["account"] == "second"


def test_reading_does_not_suffice_to_trade(reader, trader):
    order = placed(trader, LIMIT)
    for method, path, body in (
        ("POST", "/orders", MARKET),
        ("PATCH", f"/orders/{order['id']}", {"price": "91"}),
        ("DELETE", f"/orders/{order['id']}", None),
        ("POST", "/orders/cancel-all", {}),
        ("POST", "/positions/close", {"symbol": "AAPL"}),
        ("PUT", "/positions/protection", {"symbol": "AAPL"}),
        ("PUT", "/positions/leverage", {"symbol": "AAPL", "leverage": 2}),
    ):
        assert reader.code(method, path, body) == (403, "scope_missing")
