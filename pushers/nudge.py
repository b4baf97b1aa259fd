from collections.abc import Iterable
from typing import Any


def nudge(user_ids: Iterable[Any], feeds: Iterable[str] | None = None) -> None:
    """Placeholder while the engine is written."""
