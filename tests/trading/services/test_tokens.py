import pytest
from django.utils import timezone

from pushers import courier
from tests.pushers.fake_courier import FakeCourier
from tests.trading.rows import make_user
from trading.errors import TradingError
from trading.models import ApiToken
from trading.services import token_create, token_revoke

pytestmark = pytest.mark.django_db


def test_the_secret_is_stored_nowhere():
    token, secret = token_create(user=make_user(), name="bot", scopes=["trade", "read"])
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert secret not in map(str, row.values())
    assert secret.startswith(token.prefix)
    assert len(secret) >= 43
    assert token.scopes == ["read", "trade"]


def test_two_tokens_differ():
    user = make_user()
    assert token_create(user=user, name="a")[1] != token_create(user=user, name="a")[1]


@pytest.mark.parametrize("scopes", [["admin"], [], ["read", "write"]])
def test_scopes_must_exist(scopes):
    with pytest.raises(TradingError) as caught:
        token_create(user=make_user(), name="bot", scopes=scopes)
    assert caught.value.code == "invalid_scope"


@pytest.mark.django_db(transaction=True)
def test_revoking_has_the_users_sockets_checked(monkeypatch: pytest.MonkeyPatch):
    posted = FakeCourier()
    monkeypatch.setattr(courier, "_courier", posted)
    user = make_user()
    token, _ = token_create(user=user, name="bot")
    posted.letters.clear()
    token_revoke(token=token)
    ((letter, users),) = posted.letters
    assert (dict(letter.fields)["type"], users) == ("access", [str(user.pk)])


def test_revoking_twice_keeps_the_first_time():
    token, _ = token_create(user=make_user(), name="bot")
    first = token_revoke(token=token).revoked_at
    assert first is not None
    assert token_revoke(token=token).revoked_at == first


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b", "two\nlines"])
def test_a_name_is_short_and_printable(name):
    with pytest.raises(TradingError) as caught:
        token_create(user=make_user(), name=name)
    assert caught.value.code == "invalid_token_name"


def test_a_token_must_not_have_ended_when_it_is_made():
    with pytest.raises(TradingError) as caught:
        token_create(user=make_user(), name="bot", expires_at=timezone.now())
    assert caught.value.code == "invalid_expiry"
    assert not ApiToken.objects.exists()
