"""After a restart the sockets come back one after the other, and up to date ones cost no read of a feed."""

import json
import subprocess
import sys

import pytest

from tests.pushers.foreign_process import ROOT

pytestmark = pytest.mark.site


def test_sockets_come_back_spread_and_without_a_read_of_the_feed() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.return_after_restart", "--sockets", "60"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["exit_code"], result["snapshots"], result["users_read"]) == (0, 0, 0), result
    assert result["last_back_s"] > result["first_back_s"]
