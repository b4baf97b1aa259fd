"""What a web process counts of its sockets."""

import pytest
from prometheus_client import REGISTRY

from consumers.close_codes import CloseCode
from consumers.metrics import WRITTEN, passed_on
from pushers.clock import now_ms
from tests.consumers.conftest import Site

pytestmark = pytest.mark.django_db(transaction=True)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_sockets_and_frames_are_counted(site: Site) -> None:
    frames, size, opened = WRITTEN.frames, WRITTEN.characters, value("consumers_sockets_opened_total")
    client = await site.client("alice").welcomed()
    await client.settle()
    assert value("consumers_sockets") == value("consumers_users") == 1
    assert value("consumers_sockets_opened_total") == opened + 1
    assert WRITTEN.frames > frames
    assert WRITTEN.characters > size
    await client.close()
    assert value("consumers_sockets") == 0


async def test_closes_are_counted_by_their_code(site: Site) -> None:
    before = value("consumers_sockets_closed_total", code="4401")
    client = await site.client(gate=True, headers=[(b"authorization", b"Token of:nobody")]).open()
    await client.take("closed")
    assert client.closed == CloseCode.SIGNED_OUT
    assert value("consumers_sockets_closed_total", code="4401") == before + 1


async def test_a_client_that_says_it_is_behind_is_a_repair(site: Site) -> None:
    before = value("consumers_repairs_total", cause="client")
    client = await site.client("alice").welcomed()
    await client.send({"type": "snapshot", "feeds": ["orders"]})
    await client.send({"type": "ping"})
    await client.take("pong")
    assert value("consumers_repairs_total", cause="client") == before + 1


def test_the_time_from_commit_to_socket_is_that_of_pushes_with_a_nudge() -> None:
    before = value("consumers_commit_to_socket_seconds_count")
    passed_on({"user": "7", "feeds": {}, "committed": now_ms() - 20})
    passed_on({"user": "7", "feeds": {}})
    assert value("consumers_commit_to_socket_seconds_count") == before + 1
