"""The template tag of figures, on the cases that the script passes too."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.node import run_node_test
from trading.pages.number_format import number_format
from trading.templatetags.figures import figure, format_value, sign

CASES = json.loads((Path(__file__).parents[2] / "cases/figure_cases.json").read_text())["cases"]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case['kind']} {case['value']} {case.get('zone', '')} {case.get('format', '')}"
)
def test_a_value_is_shown_as_in_the_cases(case: dict[str, Any]) -> None:
    zone, form = case.get("zone", "UTC"), case.get("format", "comma_point")
    with timezone.override(zone), number_format(form):
        assert format_value(case["kind"], case["value"]) == case["text"]
    if "sign" in case:
        assert sign(case["value"]) == case["sign"]


def test_the_full_value_is_the_title() -> None:
    assert 'title="1.23456789"' in figure({"free": "1.23456789"}, "free", "money")
    assert 'title="2026-01-01T00:00:00.412Z"' in figure({"timestamp": 1767225600412}, "timestamp", "time")


def test_a_row_without_the_value_shows_a_dash() -> None:
    assert "\N{EN DASH}</span>" in figure({}, "price", "price")
    assert "\N{EN DASH}</span>" in figure(None, "price", "price")


def test_a_word_of_the_wire_is_shown_in_words_and_kept_as_data() -> None:
    shown = figure({"side": "buy"}, "side", "label")
    assert 'data-value="buy"' in shown
    assert ">Buy</span>" in shown


def test_an_unknown_word_is_shown_as_it_is_and_escaped() -> None:
    assert ">&lt;b&gt;</span>" in figure({"side": "<b>"}, "side", "label")


def test_the_script_passes_its_tests_in_node() -> None:
    run_node_test(Path(__file__).with_name("figures.test.mjs"))
