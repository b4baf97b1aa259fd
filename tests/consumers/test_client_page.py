"""CLIENT.md names every event, public method and attribute of the client's modules."""

import re
from pathlib import Path

import consumers

FOLDER = Path(consumers.__file__).parent
PAGE = (FOLDER / "CLIENT.md").read_text()
CLIENT = (FOLDER / "static/consumers/feed_client.js").read_text()
ELEMENT = (FOLDER / "static/consumers/feed_value.js").read_text()


def test_every_event_is_in_the_table() -> None:
    events = set(re.findall(r'emit\("(\w+)"', CLIENT)) | {"live", "stale"}
    assert {"document", "state", "problem"} <= events
    assert {event for event in events if f"| `{event}` |" not in PAGE} == set()


def test_every_method_for_the_page_is_in_the_table() -> None:
    section = CLIENT.partition("// For the page")[2].partition("// Frames")[0]
    methods = set(re.findall(r"^    (\w+)\(", section, re.MULTILINE))
    assert {"open", "close", "ping"} <= methods
    assert {method for method in methods if f"`{method}(" not in PAGE} == set()


def test_every_attribute_is_in_the_table() -> None:
    read = set(re.findall(r'getAttribute\("([\w-]+)"\)', ELEMENT))
    assert {"feed", "path", "stale-text"} <= read
    assert {name for name in read if f"`{name}`" not in PAGE} == set()
