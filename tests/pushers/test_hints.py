"""What the database tells is read once, with what the nudge of the same commit asks for, and never forgotten."""

import asyncio

import pytest

from pushers import hints as hints_module
from pushers.hints import Hints

PATIENCE = 30.0
LONG = 3600.0


class Asked:
    """What was asked for, and when that changes."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.more = asyncio.Event()

    def __call__(self, users: list[str], told: int) -> None:
        assert told > 0
        self.users += users
        self.more.set()

    async def has(self, *users: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while len(self.users) < len(users):
                self.more.clear()
                await self.more.wait()
        assert sorted(self.users) == sorted(users)


async def test_who_is_not_read_meanwhile_is_asked_for_once() -> None:
    asked = Asked()
    hints = Hints(asked)
    hints.hear(["1", "2"])
    hints.hear(["2"])
    await asked.has("1", "2")
    hints.hear(["1"])
    await asked.has("1", "1", "2")


async def test_a_read_that_begins_later_is_what_was_wanted() -> None:
    asked = Asked()
    hints = Hints(asked)
    hints.hear(["1", "2"])
    hints.reads(["1", "3"])
    await asked.has("2")


async def test_what_is_heard_after_a_read_has_begun_waits_for_another() -> None:
    asked = Asked()
    hints = Hints(asked)
    hints.hear(["1"])
    hints.reads(["1"])
    hints.hear(["1"])
    await asked.has("1")


async def test_hearing_of_a_user_again_and_again_does_not_put_him_off(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    hints = Hints(asked)
    hints.hear(["1"])
    monkeypatch.setattr(hints_module, "HOLD", LONG)
    hints.hear(["1"])
    await asked.has("1")
