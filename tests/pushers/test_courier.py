"""The thread that carries messages: bursts become one message, and the end of a process waits for the last."""

import asyncio
import time
from typing import Any

import pytest

from pushers import courier
from pushers.courier import MOST_USERS, Courier, Letter, post
from tests.pushers.fake_courier import FakeCourier

pytestmark = pytest.mark.django_db(transaction=True)

LETTER = Letter("hubs", (("type", "note"), ("names", ("b", "a"))))


def test_a_large_letter_is_split() -> None:
    users = {str(number) for number in range(MOST_USERS + 1)}
    first, second = LETTER.messages(users, 5)
    assert [len(message["users"]) for message in (first, second)] == [MOST_USERS, 1]
    assert {*first["users"], *second["users"]} == users


def test_a_letter_about_nobody_in_particular_is_one_message() -> None:
    assert LETTER.messages(set(), 5) == [{"ts": 5, "type": "note", "names": ["b", "a"], "users": []}]


def test_posting_never_raises_into_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(FakeCourier):
        def put(self, letter: Letter, users: Any) -> None:
            raise RuntimeError("no event loop")

    monkeypatch.setattr(courier, "_courier", Broken())
    post(LETTER, [7])


def test_the_letters_of_a_burst_that_differ_only_in_their_users_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "Layer", SlowLayer)
    thread = Courier()
    assert thread._loop is not None
    thread.put(LETTER, ["6"])
    asyncio.run_coroutine_threadsafe(SlowLayer.sending.wait(), thread._loop).result(10)
    for user in ("8", "7"):
        thread.put(LETTER, [user])
    thread._loop.call_soon_threadsafe(SlowLayer.gate.set)
    thread.flush()
    assert [message["users"] for message in SlowLayer.sent] == [["6"], ["7", "8"]]


class SlowLayer:
    """A layer whose sends wait for `gate`; `away` makes them fail."""

    gate: asyncio.Event
    sent: list[dict[str, Any]]

    def __init__(self, prefix: str) -> None:
        SlowLayer.gate, SlowLayer.sent = asyncio.Event(), []
        SlowLayer.sending = asyncio.Event()

    async def send_group(self, group: str, message: dict[str, Any]) -> bool:
        SlowLayer.sending.set()
        await SlowLayer.gate.wait()
        SlowLayer.sent.append(message)
        return True


def test_the_end_of_a_process_waits_for_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "Layer", SlowLayer)
    thread = Courier()
    assert thread._loop is not None
    thread.put(LETTER, ["7"])
    asyncio.run_coroutine_threadsafe(SlowLayer.sending.wait(), thread._loop).result(10)
    thread._loop.call_soon_threadsafe(thread._loop.call_later, 0.05, SlowLayer.gate.set)
    thread.flush()
    assert [message["users"] for message in SlowLayer.sent] == [["7"]]


def test_an_idle_courier_delays_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "Layer", SlowLayer)
    thread = Courier()
    began = time.monotonic()
    thread.flush()
    assert time.monotonic() - began < 0.5
