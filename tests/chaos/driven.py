"""A process of the harness itself that is driven by lines: the writer, the clients."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tradingsite.environment import BASE_DIR
from tradingsite.leash import die_with_parent


class Driven:
    """Runs `python -m <module>`; orders go to its stdin, answers come as JSON lines from its stdout."""

    def __init__(self, module: str, *arguments: str, environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def tell(self, order: dict[str, Any] | str) -> None:
        """Send a line that is not answered."""
        assert self._popen.stdin is not None
        self._popen.stdin.write((order if isinstance(order, str) else json.dumps(order)) + "\n")
        self._popen.stdin.flush()

    async def ask(self, order: dict[str, Any] | str | None = None) -> Any:
        """Send a line, if one is given, and return the next answer."""
        if order is not None:
            self.tell(order)
        assert self._popen.stdout is not None
        text = await asyncio.to_thread(self._popen.stdout.readline)
        if not text:
            raise RuntimeError(f"{self._log.stem} ended:\n{self._log.read_text()[-3000:]}")
        return json.loads(text)

    def stop(self) -> None:
        self._popen.kill()
        self._popen.communicate()
