import json
import subprocess
from pathlib import Path

import pytest

from tests.benchmarks.results import Entry, Result, commit, in_order, middle, number, ratio, report, table, write


@pytest.mark.parametrize(
    ("value", "bar", "at_most", "holds"),
    [(1, 1, True, True), (1.1, 1, True, False), (1, 1, False, True), (0.9, 1, False, False), (5, None, True, None)],
)
def test_an_entry_knows_whether_its_bar_is_met(value, bar, at_most, holds):
    assert Entry("1", "a figure", value, "x", bar, at_most).holds is holds


def test_a_figure_of_several_rounds_is_their_median_with_its_spread():
    entry = middle("4", "cost", [3.0, 1.0, 2.0], "us", 2)
    assert (entry.value, entry.spread, entry.holds) == (2.0, (1.0, 3.0), True)


def test_a_ratio_is_taken_round_by_round():
    assert ratio("4", "to stock", [1.0, 4.0, 9.0], [10.0, 20.0, 30.0]).value == 0.2


def test_rows_come_in_the_order_of_their_numbers():
    entries = [Entry(name, "", 1, "") for name in ("10", "9.b", "9.a", "1")]
    assert [entry.id for entry in in_order(entries)] == ["1", "9.b", "9.a", "10"]


def test_only_a_broken_promise_fails_a_row_whose_figures_are_there():
    missed, broken = Entry("4", "", 3, "x", 2), Entry("9", "", 1, "", 0, promise=True)
    assert not Result(("4",), (missed,)).failed
    assert Result(("9",), (broken,)).failed
    assert Result(("4",), (), "no Redis").failed


def test_the_table_says_what_is_missed():
    lines = table(
        [Entry("4", "cost", 0.123456, "x", 0.1), Entry("5", "rate", 12345.6, "/s", 1, at_most=False)]
    ).splitlines()
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == ["4", "cost", "0.123 x", "", "at most 0.1", "MISSED"]
    assert [cell.strip() for cell in lines[3].split("|")[1:-1]] == ["5", "rate", "12,346 /s", "", "at least 1", "holds"]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (3.0, "3"), (10_000, "10,000"), (99.94, "99.9"), (1234.5, "1,234"), (0.0001234, "0.000123")],
)
def test_a_figure_has_the_digits_that_mean_something(value, text):
    assert number(value) == text


def test_the_report_is_json_by_row(tmp_path):
    results = [Result(("5",), (Entry("5", "b", 2, "x"),)), Result(("4",), (middle("4", "a", [1.0], "us", 2),))]
    write(tmp_path / "var" / "bench.json", report(results, tmp_path))
    read = json.loads((tmp_path / "var" / "bench.json").read_text())
    assert set(read) == {"machine", "commit", "rows"}
    assert "cores" in read["machine"]
    assert read["rows"] == [
        {"id": "4", "name": "a", "value": 1.0, "bar": 2, "unit": "us", "holds": True, "spread": [1.0, 1.0]},
        {"id": "5", "name": "b", "value": 2, "bar": None, "unit": "x", "holds": None},
    ]


def test_outside_of_a_repository_the_commit_is_unknown(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit(tmp_path) == "unknown"


def test_a_commit_with_changes_upon_it_is_marked(tmp_path: Path):
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "one")
    clean = commit(tmp_path)
    (tmp_path / "file").write_text("two")
    assert commit(tmp_path) == f"{clean}+"
