"""Runs the browser client's own tests, which are JavaScript, in Node."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def node() -> str:
    """Return Node's path; without one, skip, or fail where the suite must be whole."""
    path = shutil.which("node")
    if path is None:
        message = "Node is not installed (Debian: apt install nodejs): the browser client's tests did not run."
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_the_browser_client_passes_its_tests_in_node(name: str) -> None:
    # Without the environment: under a test runner of its own, Node would report to it instead of failing.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NODE_")}
    result = subprocess.run(
        [node(), "--test", name], cwd=HERE, env=environment, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout + result.stderr
