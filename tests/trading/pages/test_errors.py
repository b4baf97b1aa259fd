"""The pages of errors look like the site, and lead back to it."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.views import defaults

from trading.models import User

LOOK = ("trading/site.css", "trading/theme.js", 'href="/">Back to the dashboard</a>')


def missing_parts(response: HttpResponse) -> list[str]:
    return [part for part in LOOK if part not in response.content.decode()]


def test_an_unknown_address(client: Client, db: None) -> None:
    response = client.get("/no/such/page/")
    assert (response.status_code, missing_parts(response)) == (404, [])
    assert "<h1>Page not found</h1>" in response.content.decode()


def test_a_form_without_its_csrf_token(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    response = client.post("/orders/", {"amount": "1"})
    assert (response.status_code, missing_parts(response)) == (403, [])
    assert "Nothing was done" in response.content.decode()


@pytest.mark.parametrize(
    ("view", "arguments", "status", "heading"),
    [
        (defaults.bad_request, [SuspiciousOperation()], 400, "Bad request"),
        (defaults.permission_denied, [PermissionDenied()], 403, "Not allowed"),
        (defaults.server_error, [], 500, "Something went wrong"),
    ],
)
def test_other_errors(rf: RequestFactory, view: Any, arguments: list[Any], status: int, heading: str) -> None:
    request: HttpRequest = rf.get("/")
    response = view(request, *arguments)
    assert (response.status_code, missing_parts(response)) == (status, [])
    assert f"<h1>{heading}</h1>" in response.content.decode()
