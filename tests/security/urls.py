"""All URLs of the site, as its URL configuration has them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver


class Route(NamedTuple):
    """One pattern: its text, and its parameters with the kind of value that each takes."""

    text: str
    parameters: dict[str, Any]
    view: Any

    def path(self, value: object) -> str:
        """Return the path with `value` in the place of every parameter."""
        filled = self.text
        for name in self.parameters:
            start = filled.index("<")
            filled = filled[:start] + str(value) + filled[filled.index(">", start) + 1 :]
            assert name
        return f"/{filled}"


def routes() -> list[Route]:
    """Return every route that is written as a path; those that are regular expressions take no row's number."""
    return [route for route in _walk(get_resolver().url_patterns, "") if "(?P" not in route.text]


def routes_with_parameters() -> list[Route]:
    return [route for route in routes() if route.parameters]


def _walk(patterns: list[Any], before: str) -> Iterator[Route]:
    for pattern in patterns:
        text = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(text, dict(pattern.pattern.converters), pattern.callback)
        else:
            yield from _walk(pattern.url_patterns, text)
