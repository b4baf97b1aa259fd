"""The router of this API: documents leave under their wire names, and without what they have not."""

from collections.abc import Mapping
from typing import Any

from ninja import Router

from trading.api.auth import READ


class DocumentRouter(Router):
    """A router whose operations need a caller who may read, unless they name another `auth`."""

    def __init__(self, tag: str) -> None:
        super().__init__(auth=READ, tags=[tag], by_alias=True, exclude_none=True)


def examples(bodies: Mapping[str, Any]) -> dict[str, Any]:
    """Return the addition to an operation's description that shows bodies to send, by what they are."""
    shown = {name: {"summary": name, "value": body} for name, body in bodies.items()}
    return {"requestBody": {"content": {"application/json": {"examples": shown}}}}
