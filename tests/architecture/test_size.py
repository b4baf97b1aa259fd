import ast

from tests.architecture.sources import ROOT, sources

LONGEST_FUNCTION = 60  # lines; the aim is 25
LONGEST_FILE = 400  # lines; the aim is 300


def test_no_function_is_too_long():
    long = [
        f"{path}: {node.name} has {length} lines"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long


def test_no_file_is_too_long():
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path, _ in sources()}
    assert not {path: length for path, length in lengths.items() if length > LONGEST_FILE}


def test_no_file_is_a_drawer():
    drawers = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path, _ in sources() if path.rpartition("/")[2] in drawers]
