"""The program that PROTOCOL.md shows, as it is written there."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.site.running_site import RunningSite
from tradingsite.environment import BASE_DIR
from tradingsite.leash import die_with_parent

pytestmark = pytest.mark.site
PAGE = (BASE_DIR / "consumers/PROTOCOL.md").read_text()
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_example_shows_the_frames_as_they_come(site: RunningSite, alice: str) -> None:
    site.start_pushers(1)
    program = subprocess.Popen(
        [sys.executable, "-uc", EXAMPLE.replace("ws://127.0.0.1:8000/ws/", site.socket_url)],
        env={**os.environ, "TOKEN": alice},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    with program:
        assert program.stdout is not None
        kinds = []
        for line in program.stdout:
            kinds.append(line.split('"')[3])
            if kinds[-1] == "push":
                break
        program.kill()
    assert kinds[:2] == ["welcome", "subscribed"]
    assert kinds[-1] == "push"
