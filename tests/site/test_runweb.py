"""The production server, as a process: it lets its sockets go in order, and no slow reader holds anybody up."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pushers.foreign_process import ROOT
from tests.site.web_process import ForeignSite, foreign_site, until
from tradingsite.leash import die_with_parent

pytestmark = pytest.mark.site

KIB = 1024
SLOW = "did not read for 2 s; closing it"
ENOUGH = 40  # pushes of some 50 KiB: what the kernel, the server and the queue hold together is less
CHANGE_ALL = """
import django, signal, time
django.setup()
from django.utils.crypto import get_random_string
from tests.foreign.parcels.models import Parcel
going_on = [True]
signal.signal(signal.SIGTERM, lambda *_: going_on.clear())
rows = list(Parcel.objects.all())
while going_on:
    for row in rows:
        row.destination = get_random_string(100)
    Parcel.objects.bulk_update(rows, ["destination"])
    time.sleep(0.05)
print(rows[0].destination)
"""


@pytest.fixture
def foreign(tmp_path: Path, redis_url: str) -> Iterator[ForeignSite]:
    with foreign_site(tmp_path, redis_url) as site:
        yield site


def make_parcels(site: ForeignSite, name: str, count: int = 1) -> None:
    site.python(
        "from django.contrib.auth import get_user_model; from tests.foreign.parcels.models import Parcel\n"
        f"owner = get_user_model().objects.get(username={name!r})\n"
        f"Parcel.objects.bulk_create([Parcel(owner=owner, destination='Oslo') for _ in range({count})])"
    )


def change_until(site: ForeignSite, condition: Callable[[], bool], what: str) -> str:
    """Change all parcels again and again until `condition` holds; return the last destination of the first."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHANGE_ALL],
        cwd=ROOT,
        env=site.environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent(signal.SIGKILL),
    )
    try:
        until(condition, what, 90)
    finally:
        process.terminate()
        output, _ = process.communicate(timeout=30)
    return output.strip()


def run_web(site: ForeignSite, *arguments: str, port: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a web server that ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "django", "runweb", "--port", str(port or site.port), *arguments],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_at_sigterm_every_socket_is_told_when_to_come_back(foreign: ForeignSite) -> None:
    web = foreign.start_web(RECONNECTS_PER_SECOND=1)
    session = foreign.sign_in("alice")
    clients = [foreign.client(session).subscribe("parcels") for _ in range(3)]
    assert web.end() == 0
    assert [client.until_closed() for client in clients] == [1012] * 3
    for client in clients:
        assert client.frames[-1][1] == {"type": "goodbye", "reason": "restart", "reconnect_ms": [500, 3500]}
    assert "Traceback" not in web.log.read_text()


def test_a_client_that_reads_nothing_does_not_keep_the_server_from_ending(foreign: ForeignSite) -> None:
    foreign.start_pushers(0.1)
    web = foreign.start_web()
    session = foreign.sign_in("alice")
    make_parcels(foreign, "alice", 400)
    stuck = foreign.client(session, receive_buffer=4 * KIB).subscribe("parcels")
    stuck.reading.clear()
    reading = foreign.client(session).subscribe("parcels")
    change_until(foreign, lambda: len(reading.of("push")) > ENOUGH, "more pushes than any buffer holds")
    began = time.monotonic()
    assert web.end(signal.SIGINT) == 0
    assert time.monotonic() - began < 15  # the sum of what the server grants at its end


def test_a_stalled_reader_is_closed_with_4413_and_delays_nobody(foreign: ForeignSite) -> None:
    foreign.start_pushers(0.1)
    web = foreign.start_web(SLOW_SECONDS=2, HEARTBEAT_SECONDS=1)
    session, other = foreign.sign_in("alice"), foreign.sign_in("bob")
    make_parcels(foreign, "alice", 400)
    make_parcels(foreign, "bob")
    first = foreign.client(session).subscribe("parcels")
    bystander = foreign.client(other).subscribe("parcels")
    first.until("push")
    before = web.memory()
    stalled = [foreign.client(session, receive_buffer=4 * KIB).subscribe("parcels") for _ in range(10)]
    for client in stalled:
        client.reading.clear()
    change_until(foreign, lambda: web.log.read_text().count(SLOW) == len(stalled), "all stalled readers closed")
    # What the others missed would show as a gap in their sequence.
    for client in (first, bystander):
        seqs = [frame["feeds"]["parcels"]["seq"] for frame in client.of("push")]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert client.closed is None
    assert web.memory() - before < 10 * (64 + 64) * KIB + 16 * KIB * KIB  # the queues, one frame each, and the rest
    for client in stalled:
        client.reading.set()
        assert client.until_closed() == 4413


def test_a_slow_reader_gets_the_newest_state_instead_of_all_that_was(foreign: ForeignSite) -> None:
    foreign.start_pushers(0.1)
    foreign.start_web()
    session = foreign.sign_in("alice")
    make_parcels(foreign, "alice", 400)
    watching = foreign.client(session).subscribe("parcels")
    slow = foreign.client(session, receive_buffer=4 * KIB).subscribe("parcels")
    slow.until("push")
    slow.reading.clear()
    newest = change_until(foreign, lambda: len(watching.of("push")) > ENOUGH, "more pushes than any buffer holds")
    slow.reading.set()
    until(lambda: newest in str(slow.of("push")[-1]), "the newest state")
    assert any("snapshot" in frame["feeds"]["parcels"] for frame in slow.of("push")[1:])
    assert len(slow.of("push")) < len(watching.of("push"))


def test_a_frame_of_more_than_twice_the_limit_is_not_even_read(foreign: ForeignSite) -> None:
    foreign.start_web(FRAME_BYTES=1000)
    session = foreign.sign_in("alice")
    large, huge = foreign.client(session), foreign.client(session)
    large.send('"' + "x" * 1500 + '"')
    assert large.until("error")[0]["code"] == "frame_too_large"
    huge.send('"' + "x" * 3000 + '"')
    assert huge.until_closed() == 1009


def test_one_process_without_redis_serves_and_pushes(tmp_path: Path) -> None:
    with foreign_site(tmp_path, redis_url="") as site:
        web = site.start_web("--with-pushers")
        session = site.sign_in("alice")
        make_parcels(site, "alice")
        client = site.client(session).subscribe("parcels")
        assert "Oslo" in str(client.until("push"))
        newest = change_until(site, lambda: len(client.of("push")) > 1, "a change")
        until(lambda: newest in str(client.of("push")[-1]), "the change")
        assert web.end() == 0
        assert client.until_closed() == 1012
        assert "The push service stopped." in web.log.read_text()
        assert "Traceback" not in web.log.read_text()


def test_a_web_server_that_may_not_push_says_why_and_ends(tmp_path: Path) -> None:
    with foreign_site(tmp_path, redis_url="") as site:
        site.python("from pushers.lease import Leases; Leases(8, 4.0).step()")
        refused = run_web(site, "--with-pushers")
    assert refused.returncode == 1
    assert "but the database has 8 shards" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_that_is_taken_is_named(foreign: ForeignSite) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        refused = run_web(foreign, port=port)
    assert refused.returncode == 1
    assert f"Can't listen at 127.0.0.1:{port}" in refused.stderr
