"""Run the benchmarks: `python -m tests.benchmarks [--only 4,5] [--quick]`.

Each module in `rows/` measures the rows that its IDS name, in a process of its own with a time limit; one that fails
does not stop the others. Prints a table and writes var/bench.json. Exits with 0 also where a bar is missed, and with 1
where something could not be measured or got lost.
"""

import argparse
import importlib
import multiprocessing
import pkgutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType

from tests.benchmarks import results, rows
from tests.benchmarks.results import Entry, Result
from tests.benchmarks.stage import ROOT, Stage
from tradingsite.leash import die_with_parent

LIMIT = 300.0  # seconds that a module may take, unless it has its own LIMIT
CLOSING = 30.0  # seconds for a module's process to end, once it has answered


def main(arguments: list[str] | None = None) -> int:
    """Run what the arguments name; return the exit code."""
    options = parser().parse_args(arguments)
    modules = chosen(row_modules(), options.only)
    if not modules:
        known = ", ".join(sorted((one for module in row_modules() for one in module.IDS), key=int))
        print(f"No row is named {','.join(sorted(options.only))}; there are {known}.", file=sys.stderr)
        return 2
    began = time.monotonic()
    measured = []
    for module in modules:
        result = measure_in_process(module, options.only, quick=options.quick)
        measured.append(result)
        _say(result)
    print(f"\n{results.machine()}, commit {results.commit(ROOT)}, {time.monotonic() - began:.0f} s")
    if options.quick:
        print("--quick: these are no figures, only a proof that the rows work.")
    print("\n" + results.table(results.in_order(entry for result in measured for entry in result.entries)))
    results.write(options.output, results.report(measured, ROOT))
    return 1 if any(result.failed for result in measured) else 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    made.add_argument("--only", type=_ids, default=frozenset(), metavar="ID,ID", help="measure these rows only")
    made.add_argument("--quick", action="store_true", help="small numbers, to see that the rows work")
    made.add_argument("--output", type=Path, default=ROOT / "var" / "bench.json", help="default: %(default)s")
    return made


def row_modules() -> list[ModuleType]:
    """Return the modules of `rows/`, by the lowest row that each measures."""
    found = [importlib.import_module(f"{rows.__name__}.{one.name}") for one in pkgutil.iter_modules(rows.__path__)]
    return sorted((module for module in found if hasattr(module, "IDS")), key=lambda module: min(map(int, module.IDS)))


def chosen(modules: Iterable[ModuleType], only: frozenset[str]) -> list[ModuleType]:
    """Return the modules that measure one of these rows; all of them where none is named."""
    return [module for module in modules if not only or only & set(module.IDS)]


def measure_in_process(module: ModuleType, only: frozenset[str], *, quick: bool) -> Result:
    """Measure a module's rows in a child; a child that fails, or takes too long, is a failed result."""
    wanted = frozenset(only & set(module.IDS) or module.IDS)
    ids, limit = tuple(sorted(wanted, key=int)), getattr(module, "LIMIT", LIMIT)
    print(f"Row {', '.join(ids)}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    entries: list[Entry] = []
    failure: str | None = f"not done within {limit:g} s"
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as folder:
        leash = die_with_parent(signal.SIGKILL)
        child = context.Process(target=_measure, args=(module, wanted, quick, Path(folder), theirs, leash))
        child.start()
        theirs.close()
        try:
            if ours.poll(limit):
                entries, failure = ours.recv()
                child.join(CLOSING)
        except EOFError:
            failure = "its process ended without a result"
        child.kill()  # its own children are on a leash
        child.join()
    return Result(ids, tuple(entries), failure)


def _measure(
    module: ModuleType, wanted: frozenset[str], quick: bool, folder: Path, answer: Connection, leash: Callable[[], None]
) -> None:
    """Measure in the child, and answer (entries, failure)."""
    leash()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    entries: list[Entry] = []
    failure = None
    try:
        with Stage(folder, quick=quick) as stage:
            entries = module.measure(stage, wanted)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the next row can still be measured
        failure = f"{type(error).__name__}: {error}"
        traceback.print_exc()
    answer.send((entries, failure))


def _say(result: Result) -> None:
    for entry in result.entries:
        print(f"  {entry.id:<12} {results.number(entry.value)} {entry.unit}  {entry.name}", flush=True)
    if result.failure:
        print(f"  FAILED: {result.failure}", flush=True)


def _ids(text: str) -> frozenset[str]:
    ids = [part.strip() for part in text.split(",") if part.strip()]
    if not all(one.isdecimal() for one in ids):
        raise argparse.ArgumentTypeError(f"expected numbers of rows, as in 4,5; found {text!r}")
    return frozenset(ids)


if __name__ == "__main__":
    sys.exit(main())
