"""One user's state shown to another: to who has the permission, while he has it, and to nobody else."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from pytest_django import Settings

from consumers import connection
from consumers.close_codes import CloseCode
from consumers.hub import Hub
from pushers import access_changed, disconnect
from tests.consumers.conftest import Site
from tests.consumers.sockets import Client
from tests.consumers.test_access_watch import HEADERS, browser_of, in_thread

pytestmark = pytest.mark.django_db(transaction=True)

watched: list[tuple[str, str, str]] = []


def on_watch(watcher: Any, user: Any, address: str, agent: str) -> None:
    """Note who watches whom, and with what."""
    watched.append((watcher.username, user.username, agent))


def refuse(*everything: Any) -> None:
    """Be unable to note it."""
    raise RuntimeError("the audit trail is away")


@pytest.fixture(autouse=True)
def watching(fake_feeds: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    watched.clear()
    monkeypatch.setattr(connection, "FIRST_CHECK", 3600)
    settings.CONSUMERS = {
        **settings.CONSUMERS,
        "ACCESS_SECONDS": 3600,
        "WATCH_PERMISSION": "trading.watch_user",
        "WATCH_LISTENER": f"{__name__}.on_watch",
    }


def permit(user: Any) -> Group:
    group, _ = Group.objects.get_or_create(name="watchers")
    group.permissions.add(Permission.objects.get(codename="watch_user", content_type__app_label="trading"))
    user.groups.add(group)
    return group


async def watcher(site: Site, path: str, who: str = "admin", headers: Any = HEADERS) -> Client:
    """Open a watch socket with a session of `who`."""
    cookie = f"sessionid={(await browser_of(site.users[who])).cookies['sessionid'].value}"
    more = [(b"cookie", cookie.encode()), (b"user-agent", b"Test\r\nagent")]
    client = site.client(gate=True, headers=[*headers, *more], path=path)
    return await client.open()


async def watch(site: Site, user: str, *feeds: str) -> Client:
    """Have admin, who may, watch a user."""
    await in_thread(permit, site.users["admin"])
    client = await watcher(site, f"/ws/watch/{site.users[user].pk}/")
    await client.take("welcome")
    await client.subscribe(*feeds)
    return client


async def closed_with(client: Client) -> int | None:
    await client.take("closed", seconds=30)
    return client.closed


async def test_a_watcher_is_shown_what_the_user_is_shown(site: Site) -> None:
    await site.pusher()
    client = await watch(site, "alice", "orders", "balance")
    await client.shows("orders", {"1": {"owner": "alice"}}, seconds=30)
    site.orders.documents[site.users["alice"].pk] = {"2": {"owner": "alice"}}
    await client.shows("orders", {"2": {"owner": "alice"}}, seconds=30)
    assert watched == [("admin", "alice", "Testagent")]


async def test_a_feed_is_refused_by_what_the_user_may_see_and_not_the_watcher(site: Site) -> None:
    await in_thread(permit, site.users["admin"])
    client = await watcher(site, f"/ws/watch/{site.users['alice'].pk}/")
    await client.take("welcome")
    answer = await client.subscribe("secret", "orders")
    assert answer["feeds"] == {"secret": {"ok": False, "code": "forbidden"}, "orders": {"ok": True}}


@pytest.mark.parametrize("who", ["bob", "admin"])
async def test_without_the_permission_nothing_is_shown_whatever_the_address_says(site: Site, who: str) -> None:
    client = await watcher(site, f"/ws/watch/{site.users['alice'].pk}/", who)
    assert await closed_with(client) == CloseCode.REVOKED
    assert client.frames == []
    assert watched == []


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "x", "%00", "1 or 1", "-1"])
async def test_there_is_nobody_to_watch_under_another_key(site: Site, key: str) -> None:
    await in_thread(permit, site.users["admin"])
    assert await closed_with(await watcher(site, f"/ws/watch/{key}/")) == CloseCode.REVOKED


async def test_without_a_session_nobody_watches(site: Site) -> None:
    await in_thread(permit, site.users["admin"])
    path = f"/ws/watch/{site.users['alice'].pk}/"
    token = [(b"host", b"localhost"), (b"authorization", b"Token read:admin")]
    for headers in (HEADERS, token):
        client = site.client(gate=True, headers=headers, path=path)
        await client.open()
        assert await closed_with(client) == CloseCode.SIGNED_OUT


async def test_a_project_that_names_no_permission_lets_nobody_watch(site: Site, settings: Settings) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "WATCH_PERMISSION": ""}
    await in_thread(get_user_model().objects.filter(username="admin").update, is_superuser=True)
    client = await watcher(site, f"/ws/watch/{site.users['alice'].pk}/")
    assert await closed_with(client) == CloseCode.REVOKED


async def test_what_cannot_be_noted_is_not_shown(site: Site, settings: Settings) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "WATCH_LISTENER": f"{__name__}.refuse"}
    await in_thread(permit, site.users["admin"])
    client = await watcher(site, f"/ws/watch/{site.users['alice'].pk}/")
    assert await closed_with(client) == CloseCode.REVOKED
    assert Hub.current().sockets(str(site.users["alice"].pk)) == 0


async def test_it_ends_when_the_permission_ends(site: Site) -> None:
    client = await watch(site, "alice", "orders")
    group = await in_thread(Group.objects.get, name="watchers")
    await in_thread(site.users["admin"].groups.remove, group)
    assert await closed_with(client) == CloseCode.REVOKED


async def test_it_ends_when_the_group_loses_the_permission(site: Site) -> None:
    client = await watch(site, "alice", "orders")
    group = await in_thread(Group.objects.get, name="watchers")
    await in_thread(group.permissions.clear)
    assert await closed_with(client) == CloseCode.REVOKED


async def test_it_ends_with_the_watchers_session(site: Site) -> None:
    client = await watch(site, "alice", "orders")
    admin = site.users["admin"]
    admin.set_password("another")
    await in_thread(admin.save)
    assert await closed_with(client) == CloseCode.SIGNED_OUT


async def test_who_is_deactivated_watches_no_more(site: Site) -> None:
    client = await watch(site, "alice", "orders")
    admin = site.users["admin"]
    admin.is_active = False
    await in_thread(admin.save)
    assert await closed_with(client) == CloseCode.REVOKED


async def test_the_users_own_sockets_and_the_watchers_end_each_on_their_own(site: Site) -> None:
    watching_socket = await watch(site, "alice", "orders")
    own = await site.client("alice").welcomed("orders")
    await in_thread(disconnect, [site.users["alice"].pk])
    assert await closed_with(own) == CloseCode.REVOKED
    await watching_socket.settle()
    await in_thread(disconnect, [site.users["admin"].pk])
    assert await closed_with(watching_socket) == CloseCode.REVOKED


async def test_a_check_of_the_user_does_not_end_the_watchers_socket(site: Site) -> None:
    client = await watch(site, "alice", "orders")
    await in_thread(access_changed, [site.users["alice"].pk, site.users["admin"].pk])
    await in_thread(access_changed, None)
    await client.settle()


async def test_watching_takes_no_place_among_the_users_own_sockets(site: Site, settings: Settings) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "SOCKETS_PER_USER": 1}
    await watch(site, "alice", "orders")
    await site.client("alice").welcomed("orders")
    second = await watcher(site, f"/ws/watch/{site.users['bob'].pk}/")
    assert await closed_with(second) == CloseCode.TOO_MANY


async def test_there_is_no_frame_that_changes_anything(site: Site) -> None:
    client = await watch(site, "alice", "orders")
    for frame in ({"type": "auth", "token": "trade:alice"}, {"type": "order", "symbol": "AAPL"}, {"type": "cancel"}):
        await client.send({**frame, "id": 7})
        if frame["type"] == "auth":
            assert (await client.take("error"))["code"] == "not_signed_in"
    await client.settle()
