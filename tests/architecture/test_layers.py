import ast

from tests.architecture.sources import sources

LAYER_METHODS = {"group_send", "group_send_many", "group_add", "group_discard"}
LAYER_MODULE = "pushers/layer.py"


def test_only_the_layer_module_talks_to_the_channel_layer():
    callers = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LAYER_METHODS
    }
    assert callers == {LAYER_MODULE}


def test_only_the_environment_module_and_the_programs_read_environment_variables():
    programs = {"tradingsite/asgi.py", "tradingsite/demo.py", "tradingsite/environment.py"}
    readers = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os"
    }
    assert readers <= programs


def test_the_pure_parts_of_the_engine_import_neither_django_nor_channels():
    for path, tree in sources():
        if path in ("pushers/patch.py", "pushers/stream.py", "trading/accounting.py"):
            imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
            imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
            assert not {name.partition(".")[0] for name in imported} & {"django", "channels"}, path
