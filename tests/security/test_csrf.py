"""No page of another site can send one of our forms: every POST takes the token, whichever view it is."""

import pytest
from django.test import Client

from tests.security.urls import Route, routes
from trading.models import User

# The API's own paths: a browser's session is checked there too (test_auth.py of the API), a program has no cookie.
PAGES = [route for route in routes() if not route.text.startswith("api/")]


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.text or "dashboard")
def test_a_post_without_the_token_is_refused(route: Route, alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    alice.is_staff = alice.is_superuser = True
    alice.save()
    strict.force_login(alice)
    assert strict.post(route.path(1)).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_api_takes_no_session_without_the_token(method: str, alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    for path in ("/api/v1/orders", "/api/v1/orders/1", "/api/v1/tokens/1", "/api/v1/positions/protection"):
        answer = strict.generic(method, path, "{}", content_type="application/json")
        assert answer.status_code == 405 or answer.json()["code"] == "csrf_failed", (method, path, answer.content)


def test_a_token_of_another_site_does_not_count(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    strict.cookies["csrftoken"] = "a" * 32
    answer = strict.post("/logout/", {"csrfmiddlewaretoken": "b" * 32}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
