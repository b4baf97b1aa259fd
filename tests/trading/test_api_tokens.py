from datetime import timedelta

import pytest
from django.utils import timezone

from tests.trading.rows import make_user
from trading.api_tokens import authenticate, authenticate_many
from trading.models import ApiToken, User
from trading.services import token_create, token_revoke

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(db):
    return token_create(user=make_user(), name="bot", scopes=["read", "trade"])


def test_a_token_signs_its_user_in_with_its_scopes(made):
    token, secret = made
    assert authenticate(secret) == (token.user, frozenset({"read", "trade"}))


@pytest.mark.parametrize("wrong", ["", "trade_", "x", "\x00", "ü" * 5000, "\ud800"])
def test_an_unknown_token_is_nobody(made, wrong):
    assert authenticate(wrong) is None


def test_neither_prefix_nor_digest_sign_in(made):
    token, _ = made
    assert authenticate(token.prefix) is None
    assert authenticate(token.digest) is None


def test_a_revoked_token_is_nobody(made):
    token, secret = made
    token_revoke(token=token)
    assert authenticate(secret) is None


@pytest.mark.parametrize(("seconds", "valid"), [(0, False), (60, True)])
def test_a_token_ends_when_it_expires(made, seconds, valid):
    token, secret = made
    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() + timedelta(seconds=seconds))
    assert (authenticate(secret) is not None) is valid


def test_an_inactive_user_is_nobody(made):
    _, secret = made
    User.objects.update(is_active=False)
    assert authenticate(secret) is None


@pytest.mark.parametrize(("seconds", "written"), [(59, False), (61, True)])
def test_the_last_use_is_written_once_a_minute(made, seconds, written):
    token, secret = made
    earlier = timezone.now() - timedelta(seconds=seconds)
    ApiToken.objects.update(last_used_at=earlier)
    authenticate(secret)
    token.refresh_from_db()
    assert (token.last_used_at != earlier) is written


def test_the_first_use_is_written(made):
    token, secret = made
    authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None


def test_many_are_accepted_as_one_is_with_one_query_and_no_write(made, django_assert_num_queries):
    token, secret = made
    user = token.user
    revoked, revoked_secret = token_create(user=user, name="revoked")
    token_revoke(token=revoked)
    over, expired = token_create(user=user, name="expired", expires_at=timezone.now() + timedelta(days=1))
    ApiToken.objects.filter(pk=over.pk).update(expires_at=timezone.now())
    with django_assert_num_queries(1):
        assert authenticate_many([secret, revoked_secret, expired, "", "\ud800"]) == {secret: (user, {"read", "trade"})}
    token.refresh_from_db()
    assert token.last_used_at is None
