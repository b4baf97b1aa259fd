"""The whole site under load: web server, pushers, Redis, PostgreSQL, a writer, and processes full of pages."""

import asyncio
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.benchmarks.senders import FEEDS
from tests.benchmarks.stage import Failed, Process, Stage, cpu_of

ANSWER = 260.0  # seconds that a process of pages may take for one command
LINE = 2**28  # bytes of a report

Commits = dict[str, tuple[float, float, int]]  # mark -> when the transaction began and ended, and the order it changed


class Pages:
    """A process full of pages (traders.py), seen from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, stage: Stage, port: int, keys: Path) -> "Pages":
        """Start the process; its pages are closed."""
        return cls(await stage.start_talking("traders", ["-m", "tests.benchmarks.traders", str(port), str(keys)], LINE))

    async def ask(self, command: str) -> dict[str, Any]:
        """Give a command and return the answer; raises Failed where there is none, or a failure."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n".encode())
        async with asyncio.timeout(ANSWER):
            line = await self._process.stdout.readline()
        if not line:
            raise Failed(f"expected an answer to {command!r} from a process of pages, found that it has ended")
        answer: dict[str, Any] = json.loads(line)
        if "failure" in answer:
            raise Failed(answer["failure"])
        return answer

    async def stop(self) -> None:
        """End the process."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class FullSite:
    """Everything for `users` traders, each with one page."""

    def __init__(self, stage: Stage, users: int, *, processes: int) -> None:
        self.stage, self._users, self._processes = stage, users, processes
        self.pages: list[Pages] = []
        self.web: Process
        self.pushers: Process

    def prepare(self) -> None:
        """Fill a database with the traders and sign them in."""
        self._database = self.stage.new_database()
        self.stage.migrate(self._database)
        self.stage.use_django(self._database)
        from tests.benchmarks.population import populate
        from tests.benchmarks.sign_ins import session_keys
        from trading.models import User

        ids = populate(self._users)
        self._keys = session_keys(list(User.objects.filter(pk__in=ids)))
        from django.db import connection

        connection.close()

    async def start(self, **environment: str) -> None:
        """Start the servers, and open all pages."""
        self.web, port = self.stage.start_web(self.stage.environment(self._database))
        self.start_pushers(**environment)
        size = math.ceil(len(self._keys) / self._processes)
        for start in range(0, len(self._keys), size):
            path = self.stage.folder / f"keys-{start}"
            path.write_text("\n".join(self._keys[start : start + size]))
            self.pages.append(await Pages.start(self.stage, port, path))
        await self.ask("connect")

    def start_pushers(self, **environment: str) -> None:
        """Start the push service; PGAPPNAME tells its statements from others' in PostgreSQL's log."""
        settings = self.stage.environment(self._database, PGAPPNAME="pushers", **environment)
        self.pushers = self.stage.start("runpushers", ["manage.py", "runpushers"], settings)

    async def replace_pushers(self, **environment: str) -> None:
        """Have another push service take over."""
        await asyncio.to_thread(self.pushers.stop)
        self.start_pushers(**environment)

    async def ask(self, command: str) -> list[dict[str, Any]]:
        """Give all processes of pages a command at the same time."""
        return list(await asyncio.gather(*(pages.ask(command) for pages in self.pages)))

    async def write(self, rate: float, seconds: float, *, marks: bool) -> Commits:
        """Commit at a rate; return what was committed."""
        output = self.stage.folder / "commits.json"
        output.unlink(missing_ok=True)
        arguments = ["-m", "tests.benchmarks.writer", "--rate", str(rate), "--seconds", str(seconds), str(output)]
        writer = self.stage.start("writer", arguments + ["--marks"] * marks, self.stage.environment(self._database))
        async with asyncio.timeout(2 * seconds + 60):
            while not output.exists():
                writer.check(but_zero=True)
                await asyncio.sleep(0.2)
        commits: Commits = json.loads(output.read_text())
        return commits

    def cpu(self) -> dict[str, float]:
        """Return the seconds of processor time that each part has used so far."""
        parts = {
            "web": self.web.pid,
            "pushers": self.pushers.pid,
            "Redis": self.stage.redis_pid,
            "PostgreSQL": self.stage.postgres_pid,
        }
        self.web.check()
        self.pushers.check()
        return {name: cpu_of(pid) for name, pid in parts.items()}

    async def stop(self) -> None:
        """End the pages; the stage ends the rest."""
        for pages in self.pages:
            await pages.stop()


def first_seen(commits: Commits, arrived: Mapping[str, float]) -> dict[str, float]:
    """Return mark -> when a page first saw it, or saw what a later commit made of the same order."""
    seen: dict[str, float] = {}
    newest: dict[int, float] = {}  # order -> when the earliest of its later marks was seen
    for mark, (_, _, order) in sorted(commits.items(), key=lambda item: item[1][1], reverse=True):
        at = min(arrived.get(mark, math.inf), newest.get(order, math.inf))
        if at < math.inf:
            seen[mark] = newest[order] = at
    return seen


def documents(users: list[int]) -> dict[int, dict[str, str]]:
    """Return user -> feed -> digest of the document that the database has now. Needs a set-up Django."""
    from pushers import registry
    from pushers.patch import encode
    from tests.benchmarks.traders import digest

    found: dict[int, dict[str, str]] = {user: {} for user in users}
    for name in FEEDS:
        for user, document in registry.feeds()[name].fetch(users).items():
            found[user][name] = digest(json.loads(encode(document)))
    return found


def divergent(pages: list[dict[str, Any]], truth: Mapping[int, Mapping[str, str]]) -> list[str]:
    """Return a sentence for every page that shows something else than the truth, or does not call it live."""
    return [
        f"user {page['user']}: {[name for name in FEEDS if page['feeds'][name] != truth[page['user']][name]]} differ, "
        f"{page['behind']} are not live"
        for page in pages
        if page["behind"] or page["feeds"] != truth[page["user"]]
    ]
