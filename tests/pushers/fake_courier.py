"""What stands in for the thread that carries messages."""

import os
from collections.abc import Iterable

from pushers.courier import Letter


class FakeCourier:
    """Keeps what is handed over."""

    pid = os.getpid()

    def __init__(self) -> None:
        self.letters: list[tuple[Letter, list[str]]] = []

    def put(self, letter: Letter, users: Iterable[str]) -> None:
        self.letters.append((letter, list(users)))
