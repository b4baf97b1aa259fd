"""What a tick costs, in CPU of the push process per watched user, against the naive port (rows 1, 2, 3, 11, 12)."""

import json
import statistics
from collections.abc import Callable
from typing import Any

from tests.benchmarks.results import Entry, middle, ratio
from tests.benchmarks.stage import Stage

IDS = ("1", "2", "3", "11", "12")
LIMIT = 900.0
ROUNDS = 2
MICRO = 1e6
POPULATE = "import django; django.setup(); from tests.benchmarks.population import populate; populate({users})"
Ticks = list[dict[str, Any]]  # of one push process: {kind, cpu, postgres, wall, queries} each


def measure(stage: Stage, only: frozenset[str]) -> list[Entry]:
    """Measure the chosen rows on one PostgreSQL database, row 12 on an SQLite file."""
    most, naive = (300, 30) if stage.quick else (10_000, 1_000)
    entries = []
    if only - {"12"}:
        run = _prepare(stage, stage.new_database(), most)
        if only & {"1", "2"}:
            entries += _against_naive(run, most, naive, ROUNDS)
        if "3" in only:
            entries += _queries(run, most)
        if "11" in only:
            entries += _by_number(run, [most // 10, most * 3 // 10, most])
    if "12" in only:
        entries += _on_sqlite(_prepare(stage, "", naive), naive)
    return [entry for entry in entries if entry.id.partition(".")[0] in only]


Run = Callable[[str, int, str], Ticks]


def _prepare(stage: Stage, database: str, users: int) -> Run:
    """Make a database of traders; return what runs a push process on it."""
    environment = stage.environment(database)
    stage.migrate(database)
    stage.run("population", ["-c", POPULATE.format(users=users)], environment)
    postgres = str(stage.postgres_pid) if database else "0"

    def run(kind: str, watched: int, ticks: str) -> Ticks:
        command = ["-m", "tests.benchmarks.push_process", kind, "--users", str(watched), "--ticks", ticks]
        measured: Ticks = json.loads(stage.run(kind, [*command, "--postgres", postgres], environment))
        return measured

    return run


def _against_naive(run: Run, users: int, naive_users: int, rounds: int) -> list[Entry]:
    """Rows 1 and 2, in rounds of the naive port and the engine."""
    ours: list[Ticks] = []
    theirs: list[Ticks] = []
    for _ in range(rounds):
        theirs.append(run("naive", naive_users, "still,all"))
        # The first tick after the documents were read learns their versions.
        ours.append(run("engine", users, "still,still,still,moved,moved")[1:])
    naive_still, naive_all = _costs(theirs, "still", naive_users), _costs(theirs, "all", naive_users)
    still, moved = _costs(ours, "still", users), _costs(ours, "moved", users)
    of = f"{users:,} users, nothing changed"
    return [
        ratio("1", f"tick, {of}: CPU per user against the naive port", still, naive_still, 1 / 100),
        ratio("1.stretch", "the same", still, naive_still, 1 / 1000),
        middle("1.engine", f"tick, {of}", still, "us/user"),
        middle("1.naive", f"tick of the naive port, {naive_users:,} users", naive_still, "us/user"),
        middle("1.postgres", "PostgreSQL beside the engine's", _costs(ours, "still", users, "postgres"), "us/user"),
        middle("1.naive.postgres", "and beside the naive", _costs(theirs, "still", naive_users, "postgres"), "us/user"),
        ratio("2", "tick, 1 % changed, all marks moved, against the naive with all changed", moved, naive_all, 1 / 100),
        middle("2.engine", "the same in the engine, sends included", moved, "us/user"),
        middle("2.naive", "the same in the naive port", naive_all, "us/user"),
        middle("2.postgres", "PostgreSQL beside the engine's", _costs(ours, "moved", users, "postgres"), "us/user"),
    ]


def _queries(run: Run, users: int) -> list[Entry]:
    """Row 3: what 5,000 users cost more than 50, and what nobody costs."""
    many, few = min(users, 5_000), 50
    counts = {number: run("engine", number, "still,still")[1]["queries"] for number in (many, few, 0)}
    name = f"feed queries of a tick of four feeds, {many:,} users"
    return [
        Entry("3", f"{name}, beyond those of {few}", counts[many] - counts[few], "", 0),
        Entry("3.count", name, counts[many], ""),
        Entry("3.none", "with none watched", counts[0], "", 0),
    ]


def _by_number(run: Run, numbers: list[int]) -> list[Entry]:
    """Row 11: the cost per user of few and of many."""
    costs = {
        number: _costs([run("engine", number, "still,still,still,still")[1:]], "still", number) for number in numbers
    }
    growth = costs[numbers[-1]][0] / costs[numbers[0]][0]
    name = f"cost per user of {numbers[-1]:,} against {numbers[0]:,}, nothing changed"
    return [
        Entry("11", f"{name}; flat within a tenth", growth, "x", 1.1),
        *(middle(f"11.{number}", f"tick, {number:,} users", costs[number], "us/user") for number in numbers),
    ]


def _on_sqlite(run: Run, users: int) -> list[Entry]:
    """Row 12: the demo's case."""
    theirs = [run("naive", users, "still,all")]
    ours = [run("engine", users, "still,still,still,still,moved")[1:]]
    still, naive_still = _costs(ours, "still", users), _costs(theirs, "still", users)
    moved, naive_all = _costs(ours, "moved", users), _costs(theirs, "all", users)
    return [
        ratio("12", f"SQLite, {users:,} users, nothing changed, against the naive port", still, naive_still, 1 / 10),
        ratio("12.moved", "1 % changed, all marks moved, against all changed", moved, naive_all, 1 / 10),
        middle("12.engine", "tick, nothing changed", still, "us/user"),
        middle("12.naive", "the same in the naive port", naive_still, "us/user"),
    ]


def _costs(rounds: list[Ticks], kind: str, users: int, what: str = "cpu") -> list[float]:
    """Return the microseconds per user of the ticks of a kind: their median, round by round."""
    spent = [[tick[what] for tick in ticks if tick["kind"] == kind] for ticks in rounds]
    return [statistics.median(values) / users * MICRO for values in spent]
