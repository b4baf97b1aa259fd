"""Another user's data by every number in every URL, form and API call. A route that is added is tried too."""

from typing import Any

import pytest
from django.test import Client

from tests.security.urls import Route, routes_with_parameters
from trading.api.root import api
from trading.models import Account, ApiToken, LedgerEntry, Order, Position

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PUBLIC = ("symbol", "code")  # parameters that name what everybody may see
REFUSED = (403, 404, 405)

ROUTES = routes_with_parameters()
PAGES = [route for route in ROUTES if not route.text.startswith("admin/")]


def state() -> list[Any]:
    """Everything of alice's that a stranger could have changed."""
    tables = (Account, Order, Position, ApiToken, LedgerEntry)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def ask(client: Client, method: str, path: str) -> Any:
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    if kind == "application/json":
        return client.generic(method, path, '{"amount": "1"}', content_type=kind)
    return (
        client.get(path) if method == "GET" else client.generic(method, path, "amount=1&confirm=1", content_type=kind)
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.text)
def test_a_stranger_reaches_nothing_of_another_user(route: Route, keys: dict[str, Any], stranger: Client) -> None:
    before = state()
    for value in keys.values():
        for method in METHODS:
            answer = ask(stranger, method, route.path(value))
            to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
            assert answer.status_code in REFUSED or to_sign_in, (method, route.path(value), answer.status_code)
    assert state() == before


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.text)
def test_each_route_is_tried_with_something_that_alice_has(route: Route, keys: dict[str, Any], trader: Client) -> None:
    """Else the test above would try what nobody can reach, and say nothing. A new kind of number goes into `keys`."""
    if not set(route.parameters) <= set(PUBLIC):
        found = [ask(trader, method, route.path(value)).status_code for value in keys.values() for method in METHODS]
        assert set(found) - set(REFUSED), f"{route.text}: nothing that alice has is there"


def test_every_number_of_the_api_is_in_a_route() -> None:
    """The routes above are all of the API's: no operation takes the number of a user or an account in its query."""
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            names = {parameter["name"] for parameter in operation.get("parameters", [])}
            assert not names & {"user", "user_id", "account_id"}, (method, path)


@pytest.mark.parametrize("path", sorted(api.get_openapi_schema()["paths"]))
def test_the_name_of_anothers_account_finds_nothing(path: str, keys: dict[str, Any], stranger: Client) -> None:
    answer = stranger.get(path.replace("{account}", "hers"), {"account": "hers"})
    if "account" in {
        one["name"] for one in api.get_openapi_schema()["paths"][path].get("get", {}).get("parameters", [])
    }:
        assert answer.status_code == 404, answer.content
    assert b'"hers"' not in answer.content.replace(b"hers.", b"")


def test_a_body_with_the_name_of_anothers_account_places_nothing(keys: dict[str, Any], stranger: Client) -> None:
    before = state()
    for path in ("/api/v1/orders", "/api/v1/orders/preview", "/api/v1/positions/close", "/api/v1/orders/cancel-all"):
        body = {"account": "hers", "symbol": "AAPL", "side": "buy", "type": "market", "amount": "1"}
        fitting = body if "orders" in path and "cancel" not in path else {"account": "hers", "symbol": "AAPL"}
        assert stranger.post(path, fitting, content_type="application/json").status_code == 404, path
    assert state() == before
