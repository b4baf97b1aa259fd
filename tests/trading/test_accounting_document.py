"""ACCOUNTING.md says what accounting.py does: its example is run, and no function is missing."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

from trading import accounting

DOCUMENT = (Path(accounting.__file__).parent / "ACCOUNTING.md").read_text()
PUBLIC = {
    name: thing
    for name, thing in vars(accounting).items()
    if not name.startswith("_") and inspect.getmodule(thing) is accounting
}


def test_the_example_gives_what_it_says():
    lines = "\n".join(line for line in DOCUMENT.splitlines() if not line.startswith("```"))
    example = doctest.DocTestParser().get_doctest(lines, {}, "ACCOUNTING.md", "ACCOUNTING.md", 0)
    results = doctest.DocTestRunner().run(example)
    assert results.failed == 0
    assert results.attempted > 8


@pytest.mark.parametrize("name", PUBLIC)
def test_every_function_is_listed_with_its_arguments(name):
    listed = re.search(rf"^\| `{name}\(([^`]*)\)", DOCUMENT, re.MULTILINE)
    assert listed, name
    arguments = re.findall(r"\w+(?=[,:=)]|$)", re.sub(r"(: \w+|=\w+)", "", listed[1].partition(")")[0]))
    assert arguments == list(inspect.signature(PUBLIC[name]).parameters)


def test_nothing_is_listed_that_does_not_exist():
    assert set(re.findall(r"^\| `(\w+)\(", DOCUMENT, re.MULTILINE)) == set(PUBLIC)
