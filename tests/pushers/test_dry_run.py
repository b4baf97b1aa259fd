"""What a dry run says in the place of sending."""

import asyncio
from typing import Any

import pytest

from pushers.dry_run import LogSender

PATCH = '{"epoch":1,"seq":2,"patch":{"1":{"status":"sent"}}}'
PUSH: dict[str, Any] = {"type": "push", "user": "7", "ts": 1, "feeds": {"parcels": [1, 2, False, PATCH]}}


@pytest.mark.parametrize(("texts", "what"), [(False, f"{len(PATCH)} bytes"), (True, PATCH)])
def test_a_patch_is_named_by_its_size_or_shown_whole(caplog, texts: bool, what: str) -> None:
    caplog.set_level("INFO", "pushers")
    LogSender(texts=texts).to_group(1, "user.7", PUSH)
    assert caplog.messages == [f"Would push parcels to user 7: patch 2, {what}."]


async def test_the_rows_of_one_tick_are_one_line(caplog) -> None:
    caplog.set_level("INFO", "pushers")
    sender = LogSender()
    for symbols in (("MSFT", "AAPL"), ("IBM",)):
        for symbol in symbols:
            sender.to_group(1, "symbol.x", {"type": "ticker", "symbol": symbol, "ts": 1, "text": "{}", "stale": None})
        await asyncio.sleep(0)
    assert caplog.messages == ["Would push the rows of AAPL, MSFT.", "Would push the rows of IBM."]
