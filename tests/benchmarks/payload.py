"""The push that all servers deliver: 600 bytes, as the site's own are."""

import json
from typing import Any

EPOCH, TIME = 1_767_225_500_000, 1_767_225_600_000
SIZE = 600
FEED = "balance"


def push(seq: int) -> dict[str, Any]:
    """Return the push with this number."""
    return {"type": "push", "ts": TIME, "feeds": {FEED: {"epoch": EPOCH, "seq": seq, "patch": _patch()}}}


def entry(seq: int) -> str:
    """Return the feed's part of it as text."""
    return f'{{"epoch":{EPOCH},"seq":{seq},"patch":{_PATCH}}}'


def text(seq: int) -> str:
    """Return the whole of it as text."""
    return f'{{"type":"push","ts":{TIME},"feeds":{{"{FEED}":{entry(seq)}}}}}'


def _patch() -> dict[str, Any]:
    return {
        "paper": {"currency": "USD", "total": "100000", "used": "0.00000001", "free": "99999.99999999", "note": _NOTE}
    }


_NOTE = ""
_PATCH = json.dumps(_patch(), separators=(",", ":"))
_NOTE = "x" * (SIZE - len(text(1000)))
_PATCH = json.dumps(_patch(), separators=(",", ":"))
