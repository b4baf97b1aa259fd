"""Runs the browser client's own tests, which are JavaScript, in Node."""

from pathlib import Path

import pytest

from tests.node import run_node_test


@pytest.mark.parametrize("name", ["cases.test.mjs", "connection.test.mjs", "any_loss.test.mjs", "feed_value.test.mjs"])
def test_the_browser_client_passes_its_tests_in_node(name: str) -> None:
    run_node_test(Path(__file__).with_name(name))
