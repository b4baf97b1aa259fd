"""Requests that are made to hurt: nested, oversized, redirecting, with a token where it does not belong."""

import pytest
from django.test import Client

from tests.security.urls import Route, routes
from trading.models import User
from trading.services import token_create

DEPTH = 100_000


@pytest.mark.parametrize(
    "body", ["[" * DEPTH, '{"a":' * DEPTH, "[" * DEPTH + "]" * DEPTH, '{"amount":' + "9" * DEPTH + "}"]
)
def test_a_deeply_nested_body_is_refused(body: str, trader: Client) -> None:
    answer = trader.post("/api/v1/orders", body, content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"]


def test_a_body_without_end_is_refused(trader: Client) -> None:
    answer = trader.post("/api/v1/orders", "x" * 3_000_000, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("name", ["token", "authorization", "Authorization", "api_key", "access_token", "key"])
@pytest.mark.parametrize("path", ["/api/v1/user", "/"])
def test_a_token_in_a_url_signs_nobody_in(path: str, name: str, alice: User) -> None:
    _, secret = token_create(user=alice, name="hers", scopes=("read", "trade"))
    for text in (secret, f"Token {secret}"):
        assert Client().get(path, {name: text}).status_code in (302, 401)


@pytest.mark.parametrize(
    "route",
    [route for route in routes() if not route.parameters and not route.text.startswith(("api/", "admin/"))],
    ids=lambda route: route.text or "dashboard",
)
def test_no_page_leads_to_another_site(route: Route, trader: Client) -> None:
    evil = dict.fromkeys(("next", "back", "return", "url", "redirect", "to"), "https://evil.example/")
    for answer in (trader.get(route.path(1), evil), trader.post(route.path(1), {**evil, "time_zone": "UTC"})):
        assert "evil.example" not in answer.get("Location", "")


def test_what_a_user_types_can_not_break_a_header(trader: Client) -> None:
    answer = trader.get("/login/", {"next": "/\r\nSet-Cookie: a=b"})
    assert "Set-Cookie: a=b" not in str(answer.headers)
