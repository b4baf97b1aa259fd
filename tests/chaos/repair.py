"""How long each fault was felt: from its end until every client was live and right again."""

from collections.abc import Iterable

from tests.chaos.faults import Done
from tests.chaos.judge import Verdict, Watched

LAST_WINDOW = 20.0  # seconds after the last fault that still belong to it


def repair_seconds(verdict: Verdict, faults: list[Done], permanent: int) -> list[tuple[Done, float, int]]:
    """Return each fault with its seconds of repair, 0 where nobody felt it after its end, and how many clients did.

    A client was hit if it was not live or not right at some time between the beginning of the fault and the next
    one's. The repair lasts until the last of them is well, also beyond that.
    """
    repaired = []
    starts = [fault.start for fault in faults[1:]] + [faults[-1].end + LAST_WINDOW] if faults else []
    for fault, until in zip(faults, starts, strict=True):
        clients = [verdict.clients[number] for number in _concerned(verdict, fault, until, permanent)]
        ends = [well for client in clients if (well := _well(client, fault.start, until)) is not None]
        repaired.append((fault, max(0.0, max(ends, default=0.0) - fault.end), len(ends)))
    return repaired


def longest(repaired: Iterable[tuple[Done, float, int]]) -> dict[str, float]:
    """Return kind -> the longest repair in seconds."""
    found: dict[str, float] = {}
    for fault, seconds, _ in repaired:
        found[fault.kind] = max(found.get(fault.kind, 0.0), round(seconds, 1))
    return dict(sorted(found.items()))


def _concerned(verdict: Verdict, fault: Done, until: float, permanent: int) -> list[int]:
    event = {"client_freeze": "thawed", "client_cut": "cut", "client_storm": "opened"}.get(fault.kind)
    if event is None:
        return [number for number in verdict.clients if number < permanent]
    return [
        number
        for number, client in verdict.clients.items()
        if any(fault.start <= when < until for when in client.hits.get(event, []))
    ]


def _well(client: Watched, start: float, until: float) -> float | None:
    """Return when the last spell of a client ended that touches the window; None where it was well throughout."""
    touching = [end for began, end in client.bad if began < until and end > start]
    if not touching:
        return None
    end = max(touching)
    # Spells of several feeds follow each other: it is well when none is left.
    for began, ended in sorted(client.bad):
        if began <= end < ended:
            end = ended
    return end
