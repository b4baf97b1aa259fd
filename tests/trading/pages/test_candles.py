"""The script's candles, in Node."""

from pathlib import Path

from tests.node import run_node_test


def test_the_script_carries_candles_on() -> None:
    run_node_test(Path(__file__).with_name("candles.test.mjs"))
