"""What rows give back, the table that people read, and the JSON that programs read."""

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One line of the table. `bar` None: only reported. `spread` is the lowest and highest of the rounds.

    `promise`: the bar is no goal but what the product promises, and missing it is a failure of the run.
    """

    id: str
    name: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = True
    spread: tuple[float, float] | None = None
    promise: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the bar is met; None without one."""
        if self.bar is None:
            return None
        return self.value <= self.bar if self.at_most else self.value >= self.bar


@dataclass(frozen=True)
class Result:
    """What came of one row's module: its entries, and why it could not be measured, if so."""

    ids: tuple[str, ...]
    entries: tuple[Entry, ...]
    failure: str | None = None

    @property
    def failed(self) -> bool:
        """Whether something could not be measured, or was measured and must not be."""
        return self.failure is not None or any(entry.promise and entry.holds is False for entry in self.entries)


def middle(id: str, name: str, values: Sequence[float], unit: str, bar: float | None = None) -> Entry:
    """Return the entry of a figure that was taken in several rounds: their median, with its spread."""
    return Entry(id, name, statistics.median(values), unit, bar, spread=(min(values), max(values)))


def ratio(
    id: str, name: str, above: Sequence[float], below: Sequence[float], bar: float | None = None, unit: str = "x"
) -> Entry:
    """Return the entry of a ratio of two figures taken in the same rounds, compared round by round."""
    return middle(id, name, [one / other for one, other in zip(above, below, strict=True)], unit, bar)


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries by the number that their id begins with, those of one row as the row gave them."""
    return sorted(entries, key=lambda entry: int(entry.id.partition(".")[0]))


def table(entries: Sequence[Entry]) -> str:
    """Return the entries as a Markdown table."""
    cells = [("id", "what", "value", "spread", "bar", "")]
    cells += [
        (entry.id, entry.name, _with_unit(entry.value, entry.unit), _spread(entry), _bar(entry), _word(entry))
        for entry in entries
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def report(results: Iterable[Result], root: Path) -> dict[str, Any]:
    """Return what `var/bench.json` holds."""
    rows = in_order(entry for result in results for entry in result.entries)
    return {
        "machine": machine(),
        "commit": commit(root),
        "rows": [
            {
                "id": entry.id,
                "name": entry.name,
                "value": entry.value,
                "bar": entry.bar,
                "unit": entry.unit,
                "holds": entry.holds,
                **({"spread": list(entry.spread)} if entry.spread else {}),
            }
            for entry in rows
        ],
    }


def write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")


def machine() -> str:
    """Name the processor, its cores, the memory and the Python that the figures are of."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, {int(memory) / 2**20:.0f} GiB, Python {platform.python_version()}"


def commit(root: Path) -> str:
    """Name the commit that was measured, with a + where files differ from it; "unknown" outside of a repository."""
    try:
        name = _git(root, "rev-parse", "--short=12", "HEAD")
        return name + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=root, check=True, capture_output=True, text=True, timeout=30
    ).stdout.strip()


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def number(value: float) -> str:
    """Return a figure with the digits that mean something."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _with_unit(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".strip()


def _spread(entry: Entry) -> str:
    return "" if entry.spread is None else f"{number(entry.spread[0])} to {number(entry.spread[1])}"


def _bar(entry: Entry) -> str:
    return "" if entry.bar is None else f"{'at most' if entry.at_most else 'at least'} {number(entry.bar)}"


def _word(entry: Entry) -> str:
    return {None: "", True: "holds", False: "MISSED"}[entry.holds]
