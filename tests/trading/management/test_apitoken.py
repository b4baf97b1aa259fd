from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.trading.rows import make_user
from trading.api_tokens import authenticate
from trading.models import ApiToken

pytestmark = pytest.mark.django_db


def run(*arguments):
    out, err = StringIO(), StringIO()
    call_command("apitoken", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_prints_the_token_and_how_to_use_it():
    user = make_user()
    out, err = run(user.username, "--name", "bot", "--scopes", "read,trade", "--days", "3")
    assert authenticate(out.strip()) == (user, frozenset({"read", "trade"}))
    assert "Authorization: Token" in err
    assert out.strip() not in err
    token = ApiToken.objects.get()
    assert token.name == "bot"
    assert (token.expires_at - token.created_at).days in (2, 3)


def test_a_token_reads_by_default_and_does_not_expire():
    run(make_user().username)
    token = ApiToken.objects.get()
    assert (token.scopes, token.expires_at) == (["read"], None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nobody"], "nobody"), (["me", "--scopes", "write"], "write"), (["me", "--days", "0"], "--days")],
)
def test_a_mistake_is_named(arguments, message):
    make_user(username="me")
    with pytest.raises(CommandError, match=message):
        run(*arguments)
    assert not ApiToken.objects.exists()
