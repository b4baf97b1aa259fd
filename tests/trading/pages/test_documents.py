"""The joins of the dashboard's rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from pushers import FeedStale
from tests.trading.pages.conftest import DOCUMENTS, EMPTY
from trading.pages.documents import account_rows, margin_use, newest_first, panels, position_rows

MARGIN_USES = json.loads((Path(__file__).parents[2] / "cases/margin_use_cases.json").read_text())["cases"]


@pytest.mark.parametrize("case", MARGIN_USES, ids=lambda case: f"{case['used']} of {case['equity']}")
def test_the_use_of_the_margin_is_in_percent_of_the_equity(case: dict[str, Any]) -> None:
    valued = {} if case["equity"] is None else {"equity": case["equity"]}
    assert margin_use({"used": case["used"]}, valued) == case["use"]


def test_a_position_is_joined_with_its_valuation() -> None:
    [(key, row)] = position_rows(DOCUMENTS["positions"], DOCUMENTS["pnl"])
    assert key == "7"
    assert (row["contracts"], row["markPrice"], row["unrealizedPnl"]) == ("10", "61.5", "14.5")


def test_a_position_without_a_valuation_is_shown_all_the_same() -> None:
    [(_, row)] = position_rows(DOCUMENTS["positions"], {})
    assert "markPrice" not in row
    assert row["contracts"] == "10"


def test_an_account_is_joined_with_its_equity() -> None:
    [(key, row)] = account_rows(DOCUMENTS["balance"], DOCUMENTS["pnl"])
    assert (key, row["name"], row["equity"], row["free"]) == ("paper", "paper", "100002.15432101", "98787.15432101")


def test_ids_are_ordered_as_numbers() -> None:
    assert [key for key, _ in newest_first({"9": {}, "10": {}, "100": {}})] == ["100", "10", "9"]


def test_a_stale_feed_marks_the_panels_that_show_it() -> None:
    found = panels({**DOCUMENTS, "pnl": FeedStale("market_stale")})
    assert {noun: panel.stale for noun, panel in found.items() if panel.stale} == {
        "accounts": "market_stale",
        "pnl": "market_stale",
        "positions": "market_stale",
    }
    assert [noun for noun, panel in found.items() if not panel.known] == ["pnl"]
    assert len(found["positions"].rows) == 1


def test_empty_documents_are_known() -> None:
    assert all(panel.known and not panel.rows and not panel.stale for panel in panels(EMPTY).values())
