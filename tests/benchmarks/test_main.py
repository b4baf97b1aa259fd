import json
from types import ModuleType

import pytest

from tests.benchmarks import __main__ as program
from tests.benchmarks.results import Entry
from tests.benchmarks.stage import Failed, Stage


def row(*ids: str, limit: float = 60.0, measure=lambda stage, only: []) -> ModuleType:
    module = ModuleType("row", "A row.")
    module.IDS, module.LIMIT, module.measure = ids, limit, measure  # type: ignore[attr-defined]
    return module


def test_every_row_has_ids_of_its_own_and_says_what_it_measures():
    modules = program.row_modules()
    ids = [one for module in modules for one in module.IDS]
    assert set(map(str, range(4, 8))) | {"9", "10"} <= set(ids)
    assert len(ids) == len(set(ids))
    assert all(one.isdecimal() for one in ids)
    for module in modules:
        assert module.__doc__, module.__name__
        assert callable(module.measure), module.__name__


def test_rows_are_chosen_by_their_ids():
    modules = [row("1", "2"), row("4")]
    assert program.chosen(modules, frozenset()) == modules
    assert program.chosen(modules, frozenset({"2", "9"})) == modules[:1]


def test_the_arguments_name_rows(capsys):
    assert program.parser().parse_args(["--only", "4, 5"]).only == {"4", "5"}
    with pytest.raises(SystemExit):
        program.parser().parse_args(["--only", "four"])
    assert "expected numbers of rows" in capsys.readouterr().err


def test_an_unknown_row_is_named(capsys):
    assert program.main(["--only", "99"]) == 2
    assert "No row is named 99" in capsys.readouterr().err


def test_a_row_is_measured_with_the_ids_that_were_asked_for(monkeypatch, tmp_path, capsys):
    def measure(stage: Stage, only: frozenset[str]) -> list[Entry]:
        return [Entry(one, "quick" if stage.quick else "", 3, "x", 2) for one in sorted(only)]

    monkeypatch.setattr(program, "row_modules", lambda: [row("1", "2", measure=measure)])
    output = tmp_path / "bench.json"
    assert program.main(["--only", "2", "--quick", "--output", str(output)]) == 0
    assert [(one["id"], one["name"], one["holds"]) for one in json.loads(output.read_text())["rows"]] == [
        ("2", "quick", False)
    ]
    assert "MISSED" in capsys.readouterr().out


def fail(stage: Stage, only: frozenset[str]) -> list[Entry]:
    raise Failed("expected a push, found none")


def break_a_promise(stage: Stage, only: frozenset[str]) -> list[Entry]:
    return [Entry("1", "lost", 1, "", 0, promise=True)]


@pytest.mark.parametrize("measure", [fail, break_a_promise])
def test_a_row_that_fails_does_not_stop_the_others(monkeypatch, tmp_path, capfd, measure):
    good = row("2", measure=lambda stage, only: [Entry("2", "good", 1, "x")])
    monkeypatch.setattr(program, "row_modules", lambda: [row("1", measure=measure), good])
    output = tmp_path / "bench.json"
    assert program.main(["--output", str(output)]) == 1
    assert json.loads(output.read_text())["rows"][-1]["name"] == "good"
    assert ("expected a push, found none" in capfd.readouterr().out) is (measure is fail)


def test_a_row_that_does_not_end_is_ended(capfd):
    def wait(stage: Stage, only: frozenset[str]) -> list[Entry]:
        import threading

        threading.Event().wait()
        return []

    result = program.measure_in_process(row("1", limit=0.1, measure=wait), frozenset(), quick=True)
    assert result.failure == "not done within 0.1 s"
