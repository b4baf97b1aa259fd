"""What pages report as wrong: scripts that fail, and everything that the console has as an error."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage


@pytest.fixture
def errors(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What was reported in watched contexts: it fails the test, but for what the test says that it provokes.

    It does so by a marker with words of the report: `@pytest.mark.provokes("status of 500")`.
    """
    errors: list[str] = []
    yield errors
    marker = request.node.get_closest_marker("provokes")
    provoked = marker.args if marker else ()
    if unexpected := [error for error in errors if not any(words in error for words in provoked)]:
        pytest.fail("\n".join(unexpected))


def watch(context: BrowserContext, errors: list[str]) -> None:
    """Add to `errors` whatever goes wrong in the context's pages, and where."""

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location['url']}:{message.location['lineNumber']})")

    context.on("console", note)
    context.on("weberror", lambda error: errors.append(str(error.error)))
