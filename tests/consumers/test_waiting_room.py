"""Sockets that never say whose they are."""

import pytest

from consumers.close_codes import CloseCode
from consumers.waiting_room import WAITING_ROOM, WaitingRoom, address_of
from tests.consumers.conftest import Site

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_address_has_so_many_and_leaving_makes_room() -> None:
    room = WaitingRoom()
    assert [room.enter("192.0.2.1", 2) for _ in range(3)] == [True, True, False]
    assert room.enter("192.0.2.2", 2)
    room.leave("192.0.2.1")
    assert room.enter("192.0.2.1", 2)
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        room.leave(address)
    assert not room._waiting


def test_without_an_address_all_share_one() -> None:
    assert address_of({"client": ("192.0.2.1", 5)}) == "192.0.2.1"
    assert address_of({"client": None}) == address_of({}) == ""


async def test_one_too_many_is_told_so_and_signing_in_makes_room(site: Site, settings) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "WAITING_PER_ADDRESS": 1}
    first = await site.client(gate=True).open()
    second = await site.client(gate=True).open()
    await second.take("closed")
    assert second.frames[-1]["code"] == "too_many_sockets"
    assert second.closed == CloseCode.TOO_MANY
    await first.send({"type": "auth", "token": "read:alice"})
    await first.take("welcome")
    third = await site.client(gate=True).open()
    await third.send({"type": "auth", "token": "read:alice"})
    await third.take("welcome")
    assert not WAITING_ROOM._waiting


async def test_who_goes_without_a_word_makes_room(site: Site, settings) -> None:
    settings.CONSUMERS = {**settings.CONSUMERS, "WAITING_PER_ADDRESS": 1}
    for _ in range(3):
        client = await site.client(gate=True).open()
        await client.close()
    assert not WAITING_ROOM._waiting
