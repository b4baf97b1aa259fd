import ast
import re

from tests.architecture.sources import sources
from trading.errors import TradingError


def constants(tree):
    """The texts that a module's names stand for."""
    return {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.targets[0], ast.Name)
    }


def raised():
    """The codes that the source raises, as far as they are written out where they are."""
    modules = [(path, tree) for path, tree in sources() if path.startswith("trading/")]
    names = {name: text for _, tree in modules for name, text in constants(tree).items()}
    for _, tree in modules:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TradingError":
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield code.value
                elif isinstance(code, ast.Name) and code.id in names:
                    yield names[code.id]


def test_every_code_is_documented():
    documented = set(re.findall(r"\b[a-z]+(?:_[a-z]+)*\b", TradingError.__doc__ or ""))
    found = set(raised())
    assert len(found) > 25
    assert found <= documented
