"""The scripts of the desk, in Node."""

from pathlib import Path

import pytest

from tests.node import run_node_test


@pytest.mark.parametrize("name", ["desk.test.mjs", "order_changes.test.mjs"])
def test_the_script_passes_its_tests_in_node(name: str) -> None:
    run_node_test(Path(__file__).with_name(name))
