"""A short run of the fault tests: real processes, some faults, and nothing wrong shown. The long one: `make chaos`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tradingsite.environment import BASE_DIR

pytestmark = pytest.mark.site

SECONDS = 15
FAULTS = "pusher_kill,pusher_pause,web_kill,redis_kill,redis_cut,database_cut,database_crash,layer_all,client_cut"


def chaos(folder: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the command; return its exit code, its closing line and all it said."""
    command = [sys.executable, "-m", "tests.chaos", f"--minutes={SECONDS / 60}", f"--folder={folder}", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    result = subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    said = result.stdout + result.stderr
    assert result.stdout.strip(), said
    return result.returncode, json.loads(result.stdout.strip().splitlines()[-1]), said


def test_nothing_wrong_is_shown_whatever_dies(tmp_path: Path) -> None:
    if os.environ["DATABASE_URL"].startswith("sqlite"):
        pytest.skip("it brings its own PostgreSQL: once is enough")
    arguments = ["--seed=5", "--clients=24", "--traders=8", "--updates=600", "--gap=0.8", f"--only={FAULTS}"]
    code, line, said = chaos(tmp_path / "run", *arguments)
    assert code == 0, said
    assert line["faults"] >= 4, said
    assert (line["divergent"], line["foreign"], line["wrong_live"], line["torn"]) == (0, 0, 0, 0), said
    assert line["updates"] >= 540
    assert line["states_judged"] > 500
