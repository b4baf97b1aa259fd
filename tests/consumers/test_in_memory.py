"""The in-memory channel layer: web server and pushers in one process, with nothing else to install."""

import asyncio
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers, get_channel_layer

from pushers import courier, nudge
from tests.consumers.conftest import Site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick")]


@pytest.fixture
def in_memory(settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryChannelLayer]:
    """Swap the layer."""
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    channel_layers.backends.clear()
    monkeypatch.setattr(courier, "_courier", None)  # that of an earlier test has that test's layer
    layer = get_channel_layer()
    assert isinstance(layer, InMemoryChannelLayer)
    yield layer
    channel_layers.backends.clear()


@pytest.fixture
def site(in_memory: InMemoryChannelLayer, site: Site) -> Site:
    return site


async def test_documents_and_their_changes_arrive(site: Site) -> None:
    await site.pusher()
    alice = await site.client("alice").welcomed("orders", symbols=["AAPL"])
    await alice.shows("orders", {"1": {"owner": "alice"}})
    site.orders.documents[site.users["alice"].pk] = {"2": {"owner": "alice"}}
    await alice.shows("orders", {"2": {"owner": "alice"}})


async def test_a_nudge_of_another_thread_is_heard_at_once(site: Site) -> None:
    await site.pusher(interval=60)
    alice = await site.client("alice").welcomed("orders")
    await alice.shows("orders", {"1": {"owner": "alice"}})
    site.orders.documents[site.users["alice"].pk] = {"2": {"owner": "alice"}}
    await sync_to_async(nudge)([site.users["alice"].pk], ["orders"])
    await alice.shows("orders", {"2": {"owner": "alice"}})


async def test_a_full_channel_loses_messages_and_is_repaired(site: Site, in_memory: InMemoryChannelLayer) -> None:
    in_memory.capacity = 1
    await site.pusher()
    clients = [await site.client(name).welcomed("orders", "balance") for name in ("alice", "bob", "alice")]
    for number in range(5):
        for name in ("alice", "bob"):
            site.orders.documents[site.users[name].pk] = {"1": {"owner": name, "step": str(number)}}
        for client, name in zip(clients, ("alice", "bob", "alice"), strict=True):
            await client.shows("orders", {"1": {"owner": name, "step": str(number)}})


async def test_a_socket_outlives_the_time_that_the_layer_remembers_groups(
    site: Site, in_memory: InMemoryChannelLayer
) -> None:
    in_memory.group_expiry = 6  # seconds, where a day is usual
    await site.pusher()
    alice = await site.client("alice").welcomed("orders", symbols=["AAPL"])
    await alice.shows("orders", {"1": {"owner": "alice"}})
    joined = {group: dict(members) for group, members in in_memory.groups.items()}
    async with asyncio.timeout(30):
        for number in range(300):
            site.orders.documents[site.users["alice"].pk] = {"1": {"step": str(number)}}
            await alice.shows("orders", {"1": {"step": str(number)}})
            now = {group: members for group, members in in_memory.groups.items() if group in joined}
            if all(when > joined[group][name] + 6 for group in joined for name, when in now[group].items()):
                break
        else:
            raise AssertionError("some group was not joined again")
    assert alice.rule.live()
