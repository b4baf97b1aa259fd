"""From a commit to the client: 1,000 sockets with all feeds, 100 commits a second, all real processes."""

import asyncio
import statistics

from tests.benchmarks.full_site import Commits, FullSite, first_seen
from tests.benchmarks.results import Entry
from tests.benchmarks.stage import Failed, Stage

IDS = ("6",)
LIMIT = 240.0

RATE = 100.0  # commits a second
SETTLE = 5.0  # seconds after the connecting, and after the last commit
MILLI = 1000


def measure(stage: Stage, only: frozenset[str]) -> list[Entry]:
    """Measure row 6."""
    users, seconds = (100, 5.0) if stage.quick else (1000, 30.0)
    site = FullSite(stage, users, processes=1)
    site.prepare()
    return asyncio.run(_measure(site, seconds))


async def _measure(site: FullSite, seconds: float) -> list[Entry]:
    try:
        await site.start()
        await asyncio.sleep(SETTLE)
        commits = await site.write(RATE, seconds, marks=False)
        await asyncio.sleep(SETTLE)
        reports = await site.ask("report")
    finally:
        await site.stop()
    for report in reports:
        if report["faults"]:
            raise Failed(f"{report['faults']} faults: {report['quoted']}")
    arrived = first_seen(commits, {mark: at for report in reports for mark, at in report["arrived"].items()})
    if lost := commits.keys() - arrived.keys():
        raise Failed(f"expected all {len(commits)} commits at a client, found {len(lost)} missing: {sorted(lost)[:5]}")
    return entries("6", commits, arrived, bars=(5, 20))


def entries(
    row: str,
    commits: Commits,
    arrived: dict[str, float],
    bars: tuple[float | None, float | None] = (None, None),
) -> list[Entry]:
    """Return the entries of the times from commit to client, and of the commits' own."""
    own = statistics.median(ended - began for began, ended, _ in commits.values()) * MILLI
    times = sorted((arrived[mark] - ended) * MILLI for mark, (_, ended, _) in commits.items())
    p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
    starts = sorted(began for began, _, _ in commits.values())
    return [
        Entry(
            row if bars[0] else f"{row}.p50",
            "commit to client, p50, in round trips of a commit",
            p50 / own,
            "x",
            bars[0],
        ),
        Entry(f"{row}.p99", "commit to client, p99, in round trips of a commit", p99 / own, "x", bars[1]),
        Entry(f"{row}.p50.ms", "commit to client, p50", p50, "ms"),
        Entry(f"{row}.p99.ms", "commit to client, p99", p99, "ms"),
        Entry(f"{row}.commit.ms", "a commit's own round trip, p50", own, "ms"),
        Entry(f"{row}.rate", "commits a second", (len(starts) - 1) / (starts[-1] - starts[0]), "/s"),
    ]
