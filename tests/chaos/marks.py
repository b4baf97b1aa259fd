"""What a committed version looks like in each feed: written by the writer, recognised in what clients show.

Every trader has two accounts. The rows of `u7-marks` are a pure function of the version that was committed last, so a
document names its version, and a document that no version makes is recognised. `u7-desk` is traded through the site's
services in the same transactions; of it the ledger keeps a digest, and its sums must agree at every moment.
Both names start with the trader's number, so whose data a document shows is written in it.
"""

import json
import re
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

FEEDS = ("balance", "positions", "pnl", "orders", "fills")
TRADERS = 1000  # at most: a version's last three digits are the trader's number
STILL, MOVING = "CHAOS", "TICK"  # instruments: one whose price never moves, and one whose price is the quote's number
ASK, BID, MARK = Decimal(101), Decimal(99), Decimal(100)  # of the one that never moves
MAKER, TAKER = Decimal("0.0005"), Decimal("0.001")
FAR = Decimal(20)  # a buy limit that the market never meets
COST = Decimal(100)  # what a marked position of one unit cost
BROKEN = -1  # the version of a document that no version makes
NEWEST = 50  # fills that the feed shows
FILLS = 3  # of each version

ACCOUNT = re.compile(r"u(\d+)-(?:marks|desk)")


class Shown(NamedTuple):
    """What a document says of itself. None where its feed says nothing: an order that this version does not have."""

    version: int | None
    quote: int | None = None  # the number of the moving price, where a figure depends on it
    desk: int = 0  # digest of the desk's part


def version(number: int, trader: int) -> int:
    return number * TRADERS + trader


def number_of(marked: int) -> int:
    return marked // TRADERS


def trader_of(marked: int) -> int:
    return marked % TRADERS


def marks(trader: int) -> str:
    return f"u{trader}-marks"


def desk(trader: int) -> str:
    return f"u{trader}-desk"


def instrument(trader: int) -> str:
    """Return the instrument of a trader's marked position: every second one's figures move with the market."""
    return MOVING if trader % 2 else STILL


def used(marked: int) -> int:
    return marked // 4


def stop_loss(marked: int) -> Decimal:
    """Return a price that no market falls to."""
    return Decimal(marked).scaleb(-8)


def leverage(marked: int) -> int:
    return 1 + number_of(marked) % 5


def has_order(marked: int) -> bool:
    """Say whether this version has an open order: in every eighth it is deleted."""
    return number_of(marked) % 8 != 0


def shown(feed: str, document: Any, trader: int) -> Shown:
    """Return which version a trader's document shows; BROKEN for one that is none of them."""
    digest = desk_digest(document, trader)
    try:
        return READERS[feed](document, trader)._replace(desk=digest)
    except (LookupError, ValueError, TypeError, ArithmeticError, AttributeError):
        return Shown(BROKEN, None, digest)


def desk_digest(document: Any, trader: int) -> int:
    """Return a digest of what a document shows of the desk account, whichever the feed."""
    name = desk(trader)
    entries = document.items() if isinstance(document, dict) else ()
    part = {key: entry for key, entry in entries if key == name or _account(entry) == name}
    return zlib.crc32(json.dumps(part, sort_keys=True).encode())


def owners(value: Any) -> set[int]:
    """Return the numbers of all traders whose accounts or versions are named anywhere in a frame's entries."""
    found: set[int] = set()
    for key, text in _texts(value):
        if match := ACCOUNT.fullmatch(text):
            found.add(int(match[1]))
        elif key in ("clientOrderId", "takeProfit", "fees") and (marked := text.removeprefix("v")).isdigit():
            found.update([trader_of(int(marked))] if int(marked) > TRADERS else [])
    return found


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield "", name
            yield from _texts(part, name)
    elif isinstance(value, str):
        yield key, value


def _account(entry: Any) -> Any:
    return entry.get("account") if isinstance(entry, dict) else None


def _of_marks(document: Any, trader: int) -> list[Any]:
    return [entry for entry in document.values() if entry["account"] == marks(trader)]


def _checked(marked: int, trader: int, expected: dict[str, str], found: dict[str, Any]) -> int:
    """Return the version if the figures are all its own."""
    same = all(found.get(key) == text for key, text in expected.items())
    return marked if same and trader_of(marked) == trader and number_of(marked) > 0 else BROKEN


def _balance(document: Any, trader: int) -> Shown:
    found = document[marks(trader)]
    marked = int(found["total"])
    expected = {"used": str(used(marked)), "free": str(marked - used(marked)), "currency": "USD"}
    return Shown(_checked(marked, trader, expected, found))


def _positions(document: Any, trader: int) -> Shown:
    (found,) = _of_marks(document, trader)
    marked = int(found["takeProfit"])
    expected = {"leverage": str(leverage(marked)), "stopLoss": f"{stop_loss(marked):f}".rstrip("0")}
    expected |= {"contracts": "1", "side": "long"}
    return Shown(_checked(marked, trader, expected, found))


def _pnl(document: Any, trader: int) -> Shown:
    found = document[marks(trader)]
    marked, held = int(found["fees"]), found["positions"][instrument(trader)]
    price = Decimal(held["markPrice"])
    earned = price - COST
    expected = {"realizedPnl": str(-marked), "unrealizedPnl": str(earned), "equity": str(marked + earned)}
    return Shown(_checked(marked, trader, expected, found), int(price) if instrument(trader) == MOVING else None)


def _orders(document: Any, trader: int) -> Shown:
    entries = _of_marks(document, trader)
    if not entries:
        return Shown(None)
    (found,) = entries
    marked = int(found["clientOrderId"].removeprefix("v"))
    expected = {"amount": str(marked), "remaining": str(marked), "symbol": STILL, "status": "open"}
    return Shown(_checked(marked if has_order(marked) else BROKEN, trader, expected, found))


def _fills(document: Any, trader: int) -> Shown:
    entries = sorted(_of_marks(document, trader), key=lambda entry: Decimal(entry["price"]))
    marked = int(entries[0]["amount"])
    whole = [(entry["price"], entry["amount"], entry["cost"]) for entry in entries] == [
        (str(price), str(marked), str(price * marked)) for price in range(1, FILLS + 1)
    ]
    return Shown(_checked(marked if whole else BROKEN, trader, {}, {}))


READERS = {"balance": _balance, "positions": _positions, "pnl": _pnl, "orders": _orders, "fills": _fills}


def contradictions(documents: dict[str, Any], trader: int) -> list[str]:
    """Return what the documents of one state say against each other about the desk, as sentences; [] for one cut."""
    said = []
    name = desk(trader)
    balance = documents["balance"][name]
    total, used_, free = (Decimal(balance[key]) for key in ("total", "used", "free"))
    if total != used_ + free:
        said.append(f"total {total} is not used {used_} + free {free}")
    orders, positions, fills = (
        [entry for entry in documents[feed].values() if entry["account"] == name]
        for feed in ("orders", "positions", "fills")
    )
    reserved = sum((Decimal(one["amount"]) * Decimal(one["price"]) * (1 + TAKER) for one in orders), Decimal(0))
    margin = sum((Decimal(one["contracts"]) * Decimal(one["entryPrice"]) for one in positions), Decimal(0))
    if used_ != reserved + margin:
        said.append(f"used {used_} is not the orders' {reserved} + the positions' {margin}")
    held = sum((Decimal(one["contracts"]) for one in positions), Decimal(0))
    signed = [Decimal(one["amount"]) * (1 if one["side"] == "buy" else -1) for one in fills]
    if len(documents["fills"]) < NEWEST and sum(signed, Decimal(0)) != held:
        said.append(f"the fills come to {sum(signed, Decimal(0))}, the position to {held}")
    valued = documents["pnl"][name]["positions"].values()
    if held != sum((Decimal(one["contracts"]) for one in valued), Decimal(0)):
        said.append(f"pnl values another position than the {held} held")
    return said
