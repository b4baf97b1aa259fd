"""A process that is paused in the middle of a takeover, with the rows' locks in its hands."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError, connection

from pushers.lease import Leases
from tests.pushers.foreign_process import ROOT
from tradingsite.leash import die_with_parent

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 30  # for whatever is waited for
TAKER = """
import os, signal, django
django.setup()
from pushers.lease import Leases
from pushers import lease
class Paused(Leases):
    def _limit_idleness(self):
        super()._limit_idleness()
        lease.PushLease.objects.filter(shard=0).update(owner="in between")  # takes the row's lock
        print("locked", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
Paused(1, 1.0, owner="paused").step()
"""


@pytest.fixture
def paused() -> Iterator[subprocess.Popen[str]]:
    """A process on the test's database that has stopped with the lock of the one shard's row."""
    before = Leases(1, 1.0, owner="before")
    before.step()
    before.release()  # of what this object holds: the row is free at once
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tradingsite.settings", "DEBUG": "1", "DATABASE_URL": url}
    with subprocess.Popen(
        [sys.executable, "-c", TAKER],
        cwd=Path(ROOT),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGKILL),
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "locked\n"
            yield process
        finally:
            process.kill()


def test_others_take_over_after_the_length_of_a_lease(request: pytest.FixtureRequest) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's one lock ends with nobody but its holder")
    request.getfixturevalue("paused")
    other, deadline = Leases(1, 30.0, owner="other"), time.monotonic() + SECONDS - 5  # the session's own limit is 30 s
    while not other.held and time.monotonic() < deadline:
        try:
            other.step()
        except OperationalError:  # it waits for the row's lock for 5 s at most
            continue
    assert list(other.held) == [0]
