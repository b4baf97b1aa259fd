"""Runs JavaScript tests in Node, for the pytest files beside them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def run_node_test(path: Path) -> None:
    """Run one test file; skip without Node, or fail where the suite must be whole."""
    node = shutil.which("node")
    if node is None:
        message = f"Node is not installed (Debian: apt-get install nodejs): {path.name} did not run."
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(message)
        pytest.skip(message)
    # Without NODE_ variables: inside a test runner of its own, Node would report to that instead of failing.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NODE_")}
    result = subprocess.run(
        [node, "--test", path.name], cwd=path.parent, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr
