"""10,000 sockets of 10,000 users: prices move every second, 100 commits a second, 3 minutes; then all reconnect."""

import asyncio
import time

from tests.benchmarks.full_site import FullSite, divergent, documents, first_seen
from tests.benchmarks.results import Entry
from tests.benchmarks.rows import latency
from tests.benchmarks.stage import Failed, Stage

IDS = ("9", "10")
LIMIT = 840.0

RATE = 100.0  # commits a second
INTERVALS = "pnl=5"
SILENT = "balance=3600,positions=3600,pnl=3600,orders=3600,fills=3600,ticker=3600"
CORES = 2  # that the bar is about
SETTLE = 12.0  # seconds after the last change until every page must show it: two intervals of pnl, and a digest
TABLES = "trading_"  # what the statements of feeds, and no others of a pusher, read


def measure(stage: Stage, only: frozenset[str]) -> list[Entry]:
    """Measure rows 9 and 10."""
    users, seconds = (200, 10.0) if stage.quick else (10_000, 180.0)
    site = FullSite(stage, users, processes=2)
    site.prepare()
    return asyncio.run(_measure(site, only, users, seconds))


async def _measure(site: FullSite, only: frozenset[str], users: int, seconds: float) -> list[Entry]:
    try:
        await site.start(PUSH_INTERVALS=INTERVALS)
        await asyncio.sleep(SETTLE)
        entries = await _three_minutes(site, users, seconds) if "9" in only else []
        if "10" in only:
            entries += await _reconnect(site, users)
        return entries
    finally:
        await site.stop()


async def _three_minutes(site: FullSite, users: int, seconds: float) -> list[Entry]:
    before, began = site.cpu(), time.monotonic()
    commits = await site.write(RATE, seconds, marks=True)
    wall = time.monotonic() - began
    spent = {part: after - before[part] for part, after in site.cpu().items()}
    await asyncio.sleep(SETTLE)
    arrived, wrong = await _judge(site, users)
    arrived = first_seen(commits, arrived)
    lost = commits.keys() - arrived.keys()
    share = {part: seconds / (wall * CORES) * 100 for part, seconds in spent.items()}
    what = f"CPU of two cores with {users:,} sockets"
    return [
        Entry("9", f"{what}: web server, pushers, Redis, PostgreSQL", sum(share.values()), "%", 70.0),
        Entry("9.divergent", "pages that differ from the database at the end", len(wrong), "", 0.0, promise=True),
        Entry("9.lost", f"commits of {len(commits):,} that no page saw", len(lost), "", 0.0, promise=True),
        *(Entry(f"9.{part}", f"{what}: {part}", value, "%") for part, value in share.items()),
        *latency.entries("9", {mark: commits[mark] for mark in commits.keys() & arrived.keys()}, arrived),
    ]


async def _judge(site: FullSite, users: int) -> tuple[dict[str, float], list[str]]:
    """Return when each commit was first seen, and what pages show that the database does not hold."""
    from asgiref.sync import sync_to_async

    reports = await site.ask("report")
    pages = [page for report in reports for page in report["pages"]]
    truth = await sync_to_async(documents)([page["user"] for page in pages])
    wrong = divergent(pages, truth)
    for report in reports:
        if report["faults"]:
            print(f"  {report['faults']} faults: {report['quoted']}")
    if wrong:
        print(f"  divergent: {wrong[:5]}")
    if sum(report["faults"] for report in reports) or len(pages) != users:
        raise Failed(f"expected {users} pages without a fault; the faults found are printed above")
    return {mark: at for report in reports for mark, at in report["arrived"].items()}, wrong


async def _reconnect(site: FullSite, users: int) -> list[Entry]:
    """Cut all connections at once. A push service whose loops are silent reads nothing but what the return causes."""
    site.stage.log_statements("all")
    await site.replace_pushers(PUSH_INTERVALS=SILENT)
    await asyncio.sleep(SETTLE)
    await _judge(site, users)
    before = len(site.stage.logged_statements("pushers", TABLES))
    if not before:
        raise Failed("expected PostgreSQL's log to have the statements by which the new pushers read, found none")
    came_back = await site.ask("reconnect")
    queries = len(site.stage.logged_statements("pushers", TABLES)) - before
    site.stage.log_statements("none")
    snapshots = sum(answer["snapshots"] for answer in came_back)
    await _judge(site, users)
    slowest = max(answer["seconds"] for answer in came_back)
    return [
        Entry("10", f"all {users:,} sockets back and live, with current `have`", slowest, "s", 30.0),
        Entry("10.queries", "feed queries that their return caused", queries, "", 0.0),
        Entry("10.snapshots", "documents that were sent again", snapshots, ""),
    ]
