"""The page of the API tokens."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.trading.pages.conftest import said
from trading.api_tokens import authenticate
from trading.models import ApiToken, User
from trading.pages.tokens import token_state
from trading.services import token_create, token_revoke

NEW = {"name": "robot", "scopes": ["read", "trade"], "days": "30"}


def secret_of(page: str) -> str:
    return page.split('id="secret">')[1].split("<")[0]


def test_a_new_token_works_and_its_secret_is_shown_once(trader: Client, alice: User) -> None:
    secret = secret_of(trader.post("/tokens/", NEW).content.decode())
    assert authenticate(secret) == (alice, frozenset({"read", "trade"}))
    token = ApiToken.objects.get()
    assert token.expires_at is not None
    assert timedelta(days=29) < token.expires_at - timezone.now() <= timedelta(days=30)
    page = trader.get("/tokens/").content.decode()
    assert secret not in page
    assert token.prefix in page
    assert "read, trade" in page
    assert 'href="/api/v1/docs"' in page


def test_the_secret_is_kept_by_nobody(trader: Client) -> None:
    response = trader.post("/tokens/", NEW)
    assert "no-store" in response["Cache-Control"]
    assert secret_of(response.content.decode()) not in str(dict(trader.session)) + str(response.cookies)


def test_a_form_that_is_sent_again_makes_no_second_token(trader: Client) -> None:
    trader.post("/tokens/", NEW)
    page = trader.post("/tokens/", NEW).content.decode()
    assert "A token of this name works already" in page
    assert ApiToken.objects.count() == 1


def test_the_name_of_a_revoked_token_is_free(trader: Client, alice: User) -> None:
    token_revoke(token=token_create(user=alice, name="robot")[0])
    assert 'id="secret"' in trader.post("/tokens/", NEW).content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": ""}, "This field is required."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["admin"]}, "Select a valid choice."),
        ({"days": "7"}, "Select a valid choice."),
        ({"name": "a\u200bb"}, "printable characters"),
    ],
)
def test_a_wrong_form_makes_no_token(trader: Client, fields: dict[str, object], message: str) -> None:
    assert message in trader.post("/tokens/", {**NEW, **fields}).content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_may_last_for_ever(trader: Client) -> None:
    trader.post("/tokens/", {**NEW, "days": ""})
    assert ApiToken.objects.get().expires_at is None


def test_a_token_is_revoked_after_a_question(trader: Client, alice: User) -> None:
    token, secret = token_create(user=alice, name="robot")
    assert "Revoke the token robot?" in trader.get(f"/tokens/{token.pk}/revoke/").content.decode()
    assert authenticate(secret) is not None
    response = trader.post(f"/tokens/{token.pk}/revoke/")
    assert (response["Location"], said(response)) == ("/tokens/", [("success", "The token robot is revoked.")])
    assert authenticate(secret) is None


def test_the_page_says_which_tokens_work(trader: Client, alice: User) -> None:
    token, _ = token_create(user=alice, name="robot")
    assert token_state(token) == "active"
    token.expires_at = timezone.now()
    assert token_state(token) == "expired"
    assert token_state(token_revoke(token=token)) == "revoked"


def test_nobody_elses_tokens_are_listed(stranger: Client, alice: User) -> None:
    token_create(user=alice, name="robot")
    assert "No tokens yet." in stranger.get("/tokens/").content.decode()
