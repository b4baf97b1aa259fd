"""Who is connected, as rows: they come and go with the sockets, and expire with their process."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from consumers import presence
from consumers.connection import Connection, Peer
from consumers.hub import Hub
from consumers.models import OpenSocket, WebProcess
from consumers.presence import PresenceRows
from consumers.proof import Proof
from tests.consumers.conftest import Site

pytestmark = pytest.mark.django_db(transaction=True)

AGENT = [(b"user-agent", b"Test agent")]


async def nothing(*everything: Any) -> None:
    """Take a frame, or a close."""


@pytest.fixture
def present(fake_feeds: None, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LOOK", 0.05)
    settings.CONSUMERS = {**settings.CONSUMERS, "PRESENCE": True}


def rows() -> list[tuple[str, str]]:
    return sorted(OpenSocket.objects.values_list("user__username", "agent"))


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not await database_sync_to_async(condition)():  # noqa: ASYNC110 - a row has no event
            await asyncio.sleep(0.05)


def socket(user: Any, token: str | None = None) -> Connection:
    proof = Proof(user.pk, token=token)
    peer = Peer("192.0.2.7", "Test agent")
    return Connection(str(user.pk), nothing, nothing, queue_bytes=1000, proof=proof, peer=peer)


async def test_sockets_have_rows_while_they_are_open(present: None, site: Site) -> None:
    alice = await site.client("alice", headers=AGENT).welcomed("orders")
    await site.client("bob", headers=AGENT).welcomed("orders")
    await until(lambda: rows() == [("alice", "Test agent"), ("bob", "Test agent")])
    await alice.close()
    await until(lambda: rows() == [("bob", "Test agent")])
    process = await WebProcess.objects.aget()
    assert process.status["sockets"] >= 1
    assert process.expires_at > timezone.now()


async def test_a_process_that_ends_takes_its_rows_with_it(present: None, site: Site) -> None:
    await site.client("alice").welcomed("orders")
    await until(rows)
    hub = Hub.current()
    hub._task.cancel()
    await asyncio.wait([hub._task])
    await until(lambda: not WebProcess.objects.exists() and not OpenSocket.objects.exists())


async def test_nothing_is_written_where_it_is_switched_off(site: Site) -> None:
    client = await site.client("alice").welcomed("orders")
    await client.settle()
    assert not await WebProcess.objects.aexists()


async def test_a_database_that_refuses_ends_no_socket_and_is_named_once(
    present: None, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    def away(*everything: Any) -> bool:
        tries.append(1)
        raise OperationalError("no such table")

    monkeypatch.setattr(PresenceRows, "write", away)
    client = await site.client("alice").welcomed("orders")
    await until(lambda: len(tries) > 3)
    await client.settle()
    assert [record.message for record in caplog.records if "can't be written" in record.message] == [
        "The open sockets can't be written: OperationalError: no such table"
    ]


def test_ten_thousand_sockets_that_stay_take_one_statement_for_all(users: Any, django_assert_num_queries: Any) -> None:
    process = PresenceRows("web:1")
    process.write([socket(users["alice"]) for _ in range(40)], (), {})
    with django_assert_num_queries(3):  # the transaction's begin and end, and the update
        process.write((), (), {"sockets": 40})
    assert WebProcess.objects.get().status == {"sockets": 40}


def test_a_row_says_who_since_when_from_where_and_by_what(users: Any) -> None:
    PresenceRows("web:1").write([socket(users["alice"], token="secret")], (), {})
    row = OpenSocket.objects.get()
    assert (row.user, row.address, row.agent, row.by_token) == (users["alice"], "192.0.2.7", "Test agent", True)
    assert timezone.now() - row.since < timedelta(minutes=1)


def test_rows_of_a_process_that_died_are_deleted_by_the_next_that_starts(users: Any) -> None:
    PresenceRows("web:dead").write([socket(users["alice"])], (), {})
    WebProcess.objects.update(expires_at=timezone.now() - 2 * presence.KEPT)
    PresenceRows("web:new").write([socket(users["bob"])], (), {})
    assert list(OpenSocket.objects.values_list("process", "user__username")) == [("web:new", "bob")]


def test_a_process_taken_for_dead_writes_all_of_its_sockets_again(users: Any) -> None:
    process, alice = PresenceRows("web:1"), socket(users["alice"])
    assert process.write([alice], (), {})
    WebProcess.objects.all().delete()
    assert not process.write((), (), {})
    assert process.write([alice], (), {})
    assert OpenSocket.objects.count() == 1
