"""The project's own Python files, parsed."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("tradingsite", "trading", "consumers", "pushers")


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Yield path (from the root) and syntax tree of every file but migrations."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), ast.parse(path.read_text())
