from datetime import timedelta

import pytest
from django.utils import timezone

from tests.trading.api.conftest import Caller
from trading.models import ApiToken
from trading.services import token_create
from trading.wire import milliseconds

pytestmark = pytest.mark.django_db


def test_tokens_are_listed_without_their_secrets(reader, user):
    token, secret = token_create(
        user=user, name="bot", scopes=["read", "trade"], expires_at=timezone.now() + timedelta(days=1)
    )
    response = reader.answer("GET", "/tokens")
    newest, own = response.json()["items"]
    assert newest == {
        "id": str(token.pk),
        "name": "bot",
        "prefix": secret[:12],
        "scopes": ["read", "trade"],
        "timestamp": milliseconds(token.created_at),
        "expires": milliseconds(token.expires_at),
    }
    assert "lastUsed" in own
    assert secret not in response.text
    assert token.digest not in response.text


def test_a_revoked_token_signs_nobody_in(trader, user):
    token, secret = token_create(user=user, name="bot")
    bot = Caller(authorization=f"Token {secret}")
    assert bot.call("GET", "/user")[0] == 200
    status, found = trader.call("DELETE", f"/tokens/{token.pk}")
    assert (status, found["id"]) == (200, str(token.pk))
    assert bot.code("GET", "/user") == (401, "invalid_token")
    assert trader.call("DELETE", f"/tokens/{token.pk}") == (200, found)


def test_another_users_token_does_not_exist(reader, stranger, user):
    token = ApiToken.objects.get(user=user)
    assert stranger.code("DELETE", f"/tokens/{token.pk}") == (404, "not_found")
    assert stranger.code("DELETE", "/tokens/x") == (404, "not_found")
    assert str(token.pk) not in {item["id"] for item in stranger.get("/tokens")["items"]}


def test_no_token_is_made_by_a_token(trader):
    assert trader.code("POST", "/tokens", {"name": "another"}) == (405, "method_not_allowed")
