"""The script's decimals, in Node."""

from pathlib import Path

from tests.node import run_node_test


def test_the_script_reckons_exactly() -> None:
    run_node_test(Path(__file__).with_name("decimals.test.mjs"))
