"""Access that ends, ends the sockets concerned and no others: at once where Django tells, in time where it does not."""

import asyncio
import logging
import math
import time
from collections.abc import Callable
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model, update_session_auth_hash
from django.contrib.auth.models import Group, Permission
from django.db import OperationalError
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import Settings

from consumers import access_watch, connection
from consumers.access_check import Claim, check_claims
from consumers.close_codes import CloseCode
from consumers.connection import Connection
from consumers.hub import Hub
from consumers.proof import Proof
from consumers.sessions import session_store
from pushers import access_changed, disconnect
from tests.consumers import sockets
from tests.consumers.conftest import Site
from tests.consumers.sockets import Client, Secret
from trading.services import account_erase

pytestmark = pytest.mark.django_db(transaction=True)

HEADERS = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
ENGINES = ["db", "cached_db", "cache", "file", "signed_cookies"]


@pytest.fixture(autouse=True)
def only_when_told(fake_feeds: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing to time, unless a test wants it."""
    settings.CONSUMERS = {**settings.CONSUMERS, "ACCESS_SECONDS": 3600}
    monkeypatch.setattr(connection, "FIRST_CHECK", 3600)


@pytest.fixture
def by_time(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "ACCESS_SECONDS": 0.2}
    monkeypatch.setattr(connection, "FIRST_CHECK", 0.2)


async def in_thread(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return await database_sync_to_async(function)(*args, **options)


async def browser_of(user: Any) -> Browser:
    def sign_in() -> None:
        browser.force_login(user)
        session = browser.session
        session["browser"] = id(browser)  # or two signed cookies of the same second are the same
        session.save()
        browser.cookies["sessionid"] = session.session_key

    browser = Browser()
    await in_thread(sign_in)
    return browser


async def tab(site: Site, browser: Browser, *feeds: str) -> Client:
    """Open a socket with the browser's session, and wait until hints reach its hub."""
    cookie = f"sessionid={browser.cookies['sessionid'].value}"
    client = site.client(gate=True, headers=[*HEADERS, (b"cookie", cookie.encode())])
    await client.welcomed(*feeds)
    async with asyncio.timeout(5):
        while not all(watched.ready for watched in Hub.current().users.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return client


async def closed_with(client: Client) -> int | None:
    await client.take("closed")
    return client.closed


async def lives(*clients: Client) -> None:
    """Have everybody checked, wait for that, and find these sockets open."""
    for one in open_connections():
        one.check_due = math.inf
    await in_thread(access_changed, None)
    async with asyncio.timeout(5):
        while not all(math.isfinite(one.check_due) for one in open_connections()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for client in clients:
        await client.settle()


def open_connections() -> list[Connection]:
    return [connection for watched in Hub.current().users.values() for connection in watched.connections]


# Sessions


@pytest.mark.parametrize("engine", ENGINES)
async def test_signing_out_closes_the_sockets_of_this_session_alone(
    site: Site, settings: Settings, engine: str, tmp_path: Any
) -> None:
    settings.SESSION_ENGINE, settings.SESSION_FILE_PATH = f"django.contrib.sessions.backends.{engine}", str(tmp_path)
    browser, other = await browser_of(site.users["alice"]), await browser_of(site.users["alice"])
    first, second, elsewhere = await tab(site, browser), await tab(site, browser), await tab(site, other)
    program = await site.client(gate=True, headers=[(b"authorization", b"Token read:alice")]).welcomed()
    await in_thread(browser.logout)
    assert [await closed_with(first), await closed_with(second)] == [CloseCode.SIGNED_OUT] * 2
    await lives(elsewhere, program)


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_changed_password_ends_the_sessions_that_it_no_longer_fits(
    site: Site, settings: Settings, engine: str, tmp_path: Any
) -> None:
    settings.SESSION_ENGINE, settings.SESSION_FILE_PATH = f"django.contrib.sessions.backends.{engine}", str(tmp_path)
    client, bystander = await tab(site, await browser_of(site.users["alice"])), await site.client("bob").welcomed()
    await in_thread(change_password, site.users["alice"].pk)
    assert await closed_with(client) == CloseCode.SIGNED_OUT
    await lives(bystander)


async def test_who_came_in_before_hints_arrive_is_checked_again_once_they_do(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lives(await tab(site, await browser_of(site.users["alice"])))
    hub, user = Hub.current(), str(site.users["alice"].pk)
    (socket,) = hub.users[user].connections
    probe = {"type": "probe", "hub": hub._layer.channel, "user": user}
    monkeypatch.setattr(connection, "FIRST_CHECK", 0.5)
    hub.on_message(probe)
    assert socket.check_due > time.monotonic() + 0.5  # he was ready before
    hub.users[user].ready = False
    hub.on_message(probe)
    assert socket.check_due <= time.monotonic() + 0.5


def change_password(user_id: int) -> None:
    user = get_user_model().objects.get(pk=user_id)
    user.set_password("another")
    user.save()


def change_own_password(browser: Browser) -> None:
    response = browser.post(
        "/admin/password_change/",
        {"old_password": "first", "new_password1": "a-second-1", "new_password2": "a-second-1"},
    )
    assert response.status_code == 302


@pytest.mark.parametrize("engine", ENGINES)
async def test_the_session_that_changed_the_password_goes_on_under_its_new_key(
    site: Site, settings: Settings, engine: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(request: Any, user: Any) -> None:
        update_session_auth_hash(request, user)
        time.sleep(0.2)  # the rest of a request that takes its time: its session is saved, and told, at its end

    monkeypatch.setattr("django.contrib.auth.views.update_session_auth_hash", slowly)
    settings.SESSION_ENGINE, settings.SESSION_FILE_PATH = f"django.contrib.sessions.backends.{engine}", str(tmp_path)
    admin = site.users["admin"]
    admin.set_password("first")
    await in_thread(admin.save)
    browser, other = await browser_of(admin), await browser_of(admin)
    kept, ended = await tab(site, browser), await tab(site, other)
    key = browser.cookies["sessionid"].value
    await in_thread(change_own_password, browser)
    assert browser.cookies["sessionid"].value != key
    assert await closed_with(ended) == CloseCode.SIGNED_OUT
    await lives(kept)
    await in_thread(browser.logout)
    assert await closed_with(kept) == CloseCode.SIGNED_OUT


@pytest.mark.parametrize("engine", ["db", "cached_db"])
async def test_a_session_that_is_taken_away_closes_its_sockets(site: Site, settings: Settings, engine: str) -> None:
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{engine}"
    browser = await browser_of(site.users["alice"])
    client, other = await tab(site, browser), await tab(site, await browser_of(site.users["alice"]))
    await in_thread(session_store()(browser.cookies["sessionid"].value).delete)
    assert await closed_with(client) == CloseCode.SIGNED_OUT
    await lives(other)


async def test_a_session_that_expires_closes_its_sockets_in_time(site: Site, by_time: None) -> None:
    browser, other = await browser_of(site.users["alice"]), await browser_of(site.users["alice"])
    client, living = await tab(site, browser), await tab(site, other)
    sessions = session_store().get_model_class().objects
    await in_thread(sessions.filter(pk=browser.cookies["sessionid"].value).update, expire_date=timezone.now())
    assert await closed_with(client) == CloseCode.SIGNED_OUT
    await lives(living)


# Users


def set_active(user_id: int, active: bool) -> None:
    user = get_user_model().objects.get(pk=user_id)
    user.is_active = active
    user.save()


async def test_a_deactivated_users_sockets_are_closed_for_good(site: Site) -> None:
    alice, bob = site.users["alice"], site.users["bob"]
    ended = [await tab(site, await browser_of(alice)), await site.client("alice").welcomed()]
    bystander = await tab(site, await browser_of(bob))
    await in_thread(set_active, alice.pk, False)
    assert [await closed_with(client) for client in ended] == [CloseCode.REVOKED] * 2
    await lives(bystander)


async def test_who_was_deactivated_behind_djangos_back_is_found_in_time(site: Site, by_time: None) -> None:
    client = await site.client("alice").welcomed()
    await in_thread(get_user_model().objects.filter(pk=site.users["alice"].pk).update, is_active=False)
    assert await closed_with(client) == CloseCode.REVOKED


async def test_an_inactive_user_is_not_let_in(site: Site) -> None:
    site.users["alice"].is_active = False
    assert await closed_with(await site.client("alice").open()) == CloseCode.REVOKED


async def test_a_deleted_users_sockets_are_closed_for_good(site: Site) -> None:
    alice = site.users["alice"]
    client = await site.client("alice").welcomed()
    for account in await in_thread(lambda: list(alice.accounts.all())):
        await in_thread(lambda account=account: account_erase(account=account, reason="the trader leaves"))
    await in_thread(alice.delete)
    assert await closed_with(client) == CloseCode.REVOKED


async def test_signing_in_elsewhere_closes_nothing(site: Site) -> None:
    client = await tab(site, await browser_of(site.users["alice"]))
    await browser_of(site.users["alice"])
    await lives(client)


async def test_disconnect_closes_all_sockets_of_a_user_with_the_code(site: Site) -> None:
    ended = [await site.client("alice").welcomed(), await tab(site, await browser_of(site.users["alice"]))]
    bystander = await site.client("bob").welcomed()
    await in_thread(disconnect, [site.users["alice"].pk], 4455)
    assert [await closed_with(client) for client in ended] == [4455, 4455]
    await lives(bystander)


# Tokens


async def test_a_token_that_is_good_no_longer_closes_its_sockets_alone(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await site.client(gate=True, headers=[(b"authorization", b"Token read:alice")]).welcomed()
    page = await tab(site, await browser_of(site.users["alice"]))
    settings.CONSUMERS = {**settings.CONSUMERS, "TOKEN_AUTHENTICATOR": "tests.consumers.sockets.authenticate_nobody"}
    await in_thread(access_changed, [site.users["alice"].pk])
    assert await closed_with(program) == CloseCode.SIGNED_OUT
    await lives(page)


async def test_the_batched_authenticator_is_asked_once_for_all(site: Site, settings: Settings) -> None:
    programs = [
        await site.client(gate=True, headers=[(b"authorization", f"Token read:{name}".encode())]).welcomed()
        for name in ("alice", "bob", "alice")
    ]
    settings.CONSUMERS |= {"TOKEN_BATCH_AUTHENTICATOR": "tests.consumers.sockets.authenticate_many"}
    sockets.asked.clear()
    await in_thread(access_changed, None)
    await lives(*programs)
    async with asyncio.timeout(5):
        while not sockets.asked:  # noqa: ASYNC110 - the check is under way in its thread
            await asyncio.sleep(0.01)
    assert {"read:alice", "read:bob"} in sockets.asked


# Permissions


class Guarded(Secret):
    """A feed that takes a permission of Django's."""

    @staticmethod
    def may_watch(user: Any) -> bool:
        return bool(user.has_perm("auth.view_group"))


@pytest.fixture
def guarded(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Secret, "may_watch", lambda feed, user: Guarded.may_watch(user))


def permission() -> Permission:
    return Permission.objects.get(codename="view_group")


@pytest.mark.parametrize("how", ["user", "group", "membership", "members", "group gone"])
async def test_a_lost_permission_takes_the_feed_and_leaves_the_others(site: Site, guarded: None, how: str) -> None:
    await site.pusher()
    user = site.users["alice"]

    def grant() -> Group:
        group = Group.objects.create(name="watchers")
        if how == "user":
            user.user_permissions.add(permission())
        else:
            group.permissions.add(permission())
            user.groups.add(group)
        return group

    def withdraw(group: Group) -> None:
        {
            "user": lambda: user.user_permissions.clear(),
            "group": lambda: group.permissions.clear(),
            "membership": lambda: user.groups.clear(),
            "members": lambda: group.user_set.clear(),  # type: ignore[attr-defined]
            "group gone": lambda: group.delete(),
        }[how]()

    group = await in_thread(grant)
    client = await tab(site, await browser_of(user), "orders", "secret")
    await client.shows("secret", {})
    await in_thread(withdraw, group)
    frame = await client.take("unsubscribed")
    assert (frame["feeds"], frame["symbols"]) == ({"secret": {"ok": False, "code": "forbidden"}}, {})
    assert list(client.rule.feeds) == ["orders"]
    site.orders.documents[user.pk] = {"2": {}}
    site.secret.documents[user.pk] = {"hidden": "1"}
    await client.shows("orders", {"2": {}})
    assert not [frame for frame in await client.settle() if "hidden" in str(frame)]
    assert (await client.subscribe("secret"))["feeds"]["secret"] == {"ok": False, "code": "forbidden"}


async def test_symbols_are_taken_with_the_right_to_them(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await site.client("alice").welcomed("orders", symbols=["AAPL"])
    monkeypatch.setattr(type(site.prices), "may_watch", lambda feed, user: False)
    await in_thread(access_changed, [site.users["alice"].pk])
    assert (await client.take("unsubscribed"))["symbols"] == {"AAPL": {"ok": False, "code": "forbidden"}}


# The check itself


async def test_what_was_granted_while_the_hint_came_is_checked_once_more(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "FIRST_CHECK", 0.1)
    client = await site.client("admin").welcomed("secret")
    await in_thread(get_user_model().objects.filter(pk=site.users["admin"].pk).update, is_staff=False)
    assert (await client.take("unsubscribed"))["feeds"]["secret"]["code"] == "forbidden"


async def test_a_database_that_is_away_closes_nothing_and_is_named_once(
    site: Site, by_time: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, away, tried = access_watch.check_claims, True, asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()

    def check(claims: Any) -> Any:
        loop.call_soon_threadsafe(tried.release)
        if away:
            raise OperationalError("the server went away")
        return real(claims)

    monkeypatch.setattr(access_watch, "check_claims", check)
    monkeypatch.setattr(access_watch, "RETRY", 0.02)
    client = await site.client("alice").welcomed()
    await in_thread(set_active, site.users["alice"].pk, False)
    for _ in range(3):
        await asyncio.wait_for(tried.acquire(), 5)
    await client.settle()
    away = False
    assert await closed_with(client) == CloseCode.REVOKED
    lines = [record for record in caplog.records if record.name == "consumers.access_watch"]
    assert [(line.levelno, line.exc_info) for line in lines] == [(logging.ERROR, None), (logging.INFO, None)]


async def test_a_user_who_cannot_be_checked_costs_the_others_nothing(
    site: Site, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("alice", "bob"):
        await site.client(gate=True, headers=[(b"authorization", f"Token read:{name}".encode())]).welcomed()
    admin = await site.client("admin").welcomed()
    settings.CONSUMERS = {**settings.CONSUMERS, "TOKEN_AUTHENTICATOR": "tests.consumers.sockets.authenticate_not_bob"}
    await in_thread(get_user_model().objects.filter(pk=site.users["admin"].pk).update, is_active=False)
    await lives()
    assert await closed_with(admin) == CloseCode.REVOKED
    assert set(Hub.current().users) == {str(site.users[name].pk) for name in ("alice", "bob")}
    lines = [record.getMessage() for record in caplog.records if record.name == "consumers.access_watch"]
    assert lines == [f"The access of user {site.users['bob'].pk} can't be checked; his sockets stay open."]


async def test_hundreds_of_sockets_take_the_queries_of_one(
    site: Site, django_assert_num_queries: Any, settings: Settings
) -> None:
    def claims(count: int) -> list[Claim]:
        made = []
        for number in range(count):
            user = get_user_model().objects.create_user(f"user-{count}-{number}")
            browser = Browser()
            browser.force_login(user)
            key = browser.cookies["sessionid"].value
            made.append(Claim(Proof(user.pk, session_key=key), frozenset({"orders", "ticker"})))
        return made

    def check(count: int) -> None:
        made = claims(count)
        with django_assert_num_queries(2):
            assert {verdict.code for verdict in check_claims(made)} == {None}

    for count in (1, 60):
        await in_thread(check, count)
    assert Hub.current().users == {}
