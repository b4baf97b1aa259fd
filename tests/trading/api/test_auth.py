from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.trading.api.conftest import Caller, token_caller
from trading.models import ApiToken, User
from trading.services import token_create, token_revoke

pytestmark = pytest.mark.django_db


def test_a_token_signs_its_user_in(reader, user):
    assert reader.get("/user") == {"id": str(user.pk), "username": user.username, "timeZone": "UTC"}


@pytest.mark.parametrize(
    "header", ["", "Token", "Token ", "Token x", "Bearer x", "Basic YTpi", "token  \u00fc", "Token " + "x" * 5000]
)
def test_a_header_without_a_valid_token_is_refused(header):
    assert Caller(authorization=header).code("GET", "/user") == (401, "invalid_token")


def test_a_wrong_token_is_not_helped_by_a_session(user):
    caller = Caller(authorization="Token x")
    caller.client.force_login(user)
    assert caller.code("GET", "/user") == (401, "invalid_token")


def test_an_expired_token_is_refused(user):
    _, secret = token_create(user=user, name="short", expires_at=timezone.now() + timedelta(hours=1))
    caller = Caller(authorization=f"Token {secret}")
    assert caller.call("GET", "/user")[0] == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert caller.code("GET", "/user") == (401, "invalid_token")


def test_a_revoked_token_is_refused(user):
    token, secret = token_create(user=user, name="gone")
    token_revoke(token=token)
    assert Caller(authorization=f"Token {secret}").code("GET", "/user") == (401, "invalid_token")


def test_a_token_of_an_inactive_user_is_refused(reader):
    User.objects.update(is_active=False)
    assert reader.code("GET", "/user") == (401, "invalid_token")


def test_reading_needs_the_scope_read(user):
    status, found = token_caller(user, "trade").call("GET", "/user")
    assert (status, found["code"], found["scope"]) == (403, "scope_missing", "read")


def test_writing_needs_the_scope_trade(reader):
    status, found = reader.call("DELETE", "/tokens/1")
    assert (status, found["code"], found["scope"]) == (403, "scope_missing", "trade")


def test_a_session_signs_in_and_reads(user):
    caller = Caller()
    caller.client.force_login(user)
    assert caller.get("/user")["username"] == user.username


def test_a_session_needs_the_csrf_token_to_write(user):
    token, _ = token_create(user=user, name="bot")
    caller = Caller()
    caller.client.force_login(user)
    assert caller.code("DELETE", f"/tokens/{token.pk}") == (403, "csrf_failed")
    caller.client.cookies["csrftoken"] = secret = "a" * 32
    caller.headers["X-CSRFToken"] = secret
    assert caller.call("DELETE", f"/tokens/{token.pk}")[0] == 200


def test_a_session_of_an_inactive_user_is_over(user):
    caller = Caller()
    caller.client.force_login(user)
    User.objects.update(is_active=False)
    assert caller.code("GET", "/user") == (401, "not_signed_in")


def test_a_program_needs_no_csrf_token(trader, user):
    token, _ = token_create(user=user, name="bot")
    assert trader.call("DELETE", f"/tokens/{token.pk}")[0] == 200


def test_every_operation_but_the_codes_needs_a_sign_in():
    schema = Client().get("/api/v1/openapi.json").json()
    open_to_all = {
        path
        for path, methods in schema["paths"].items()
        for operation in methods.values()
        if not operation.get("security")
    }
    assert open_to_all == {"/api/v1/problems", "/api/v1/problems/{code}"}
