"""Who a session cookie signs in, many handshakes at once."""

import asyncio
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError

from consumers import sign_in
from consumers.sign_in import SessionSignIn, signed_in

SECONDS = 30.0


def session_of(user: Any, **other: str) -> str:
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), django_settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.update(other)
    session.save()
    assert session.session_key is not None
    return session.session_key


def new_user(name: str) -> Any:
    return get_user_model().objects.create_user(name)


class OnlyAlice(ModelBackend):
    """Knows one user."""

    def get_user(self, user_id: Any) -> Any:
        user = super().get_user(user_id)
        return user if user is not None and user.get_username() == "alice" else None


@pytest.mark.django_db
def test_many_sessions_take_two_queries(django_assert_num_queries) -> None:
    users = [new_user(f"trader-{number}") for number in range(5)]
    keys = {session_of(user): user for user in users}
    with django_assert_num_queries(2):
        assert signed_in(keys) == keys


@pytest.mark.django_db
@pytest.mark.parametrize(
    "harm",
    [
        {HASH_SESSION_KEY: "of another password"},
        {BACKEND_SESSION_KEY: "nobody.Backend"},
        {SESSION_KEY: "no number"},
        {SESSION_KEY: "123456789"},
    ],
)
def test_a_session_that_signs_nobody_in_does_not_touch_the_others(harm: dict[str, str]) -> None:
    alice, bob = new_user("alice"), new_user("bob")
    good, bad = session_of(alice), session_of(bob, **harm)
    assert signed_in([good, bad, "unknown"]) == {good: alice}


@pytest.mark.django_db
def test_an_inactive_user_is_not_signed_in() -> None:
    user = new_user("alice")
    key = session_of(user)
    get_user_model().objects.update(is_active=False)
    assert signed_in([key]) == {}


@pytest.mark.django_db
def test_a_backend_with_a_rule_of_its_own_is_asked(settings) -> None:
    backend = f"{OnlyAlice.__module__}.{OnlyAlice.__qualname__}"
    settings.AUTHENTICATION_BACKENDS = [backend]
    alice, bob = new_user("alice"), new_user("bob")
    keys = [session_of(user, **{BACKEND_SESSION_KEY: backend}) for user in (alice, bob)]
    assert signed_in(keys) == {keys[0]: alice}


@pytest.mark.django_db
def test_an_error_of_one_session_is_his_alone(monkeypatch) -> None:
    alice, bob = new_user("alice"), new_user("bob")
    good, bad = session_of(alice), session_of(bob)
    may = sign_in._may

    def broken(session: dict[str, Any], user: Any) -> bool:
        if user == bob:
            raise LookupError("no rule for bob")
        return may(session, user)

    monkeypatch.setattr(sign_in, "_may", broken)
    found = signed_in([good, bad])
    assert found[good] == alice
    assert isinstance(found[bad], LookupError)


@pytest.mark.django_db
def test_one_bad_session_does_not_cost_the_others_a_query_each(monkeypatch) -> None:
    asked: list[int] = []
    sessions = sign_in.live_sessions

    def counted(keys: Any) -> Any:
        asked.append(len(keys))
        if "bad" in keys:
            raise ValueError("no key of a session")
        return sessions(keys)

    monkeypatch.setattr(sign_in, "live_sessions", counted)
    found = signed_in([*(f"key-{number}" for number in range(63)), "bad"])
    assert isinstance(found.pop("bad"), ValueError)
    assert found == {}
    assert len(asked) < 20


class Session:
    def __init__(self, key: str | None) -> None:
        self.session_key = key


async def users_seen(keys: list[str | None]) -> list[Any]:
    """Return whom each handshake, all at once, found signed in, or the error that came out of it."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> Any:
        return scope["user"]

    middleware = SessionSignIn(application)
    handshakes = [middleware({"session": Session(key)}, None, None) for key in keys]
    async with asyncio.timeout(SECONDS):
        return await asyncio.gather(*handshakes, return_exceptions=True)


@pytest.mark.django_db(transaction=True)
async def test_handshakes_that_come_together_get_each_their_own_user(monkeypatch) -> None:
    users = [await database_sync_to_async(new_user)(f"trader-{number}") for number in range(5)]
    keys = [await database_sync_to_async(session_of)(user) for user in users]
    monkeypatch.setattr(sign_in, "MOST", 2)
    found = await users_seen([*keys, None, "unknown", *keys])
    assert found[:5] == found[7:] == users
    assert [user.is_authenticated for user in found[5:7]] == [False, False]


async def test_a_database_that_is_away_is_told_to_every_handshake(monkeypatch) -> None:
    def away(keys: Any) -> Any:
        raise OperationalError("no server")

    monkeypatch.setattr(sign_in, "signed_in", away)
    assert [type(found) for found in await users_seen(["one", "two"])] == [OperationalError, OperationalError]


async def test_a_client_that_left_meanwhile_harms_nobody(monkeypatch) -> None:
    monkeypatch.setattr(sign_in, "signed_in", lambda keys: dict.fromkeys(keys, "somebody"))
    queue = sign_in.Queue()
    left, stays = (asyncio.create_task(queue.user_of(name)) for name in ("left", "stays"))
    await asyncio.sleep(0)
    left.cancel()
    async with asyncio.timeout(SECONDS):
        assert await stays == "somebody"
