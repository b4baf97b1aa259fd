"""`manage.py runpushers`, as processes of a project that is not this site."""

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.core.management import CommandError, call_command

from pushers.layer import user_group
from pushers.shard import shard_of
from tests.pushers.foreign_process import SECONDS, FakeHub, PusherProcess, foreign_environment, run_python
from tradingsite.embedded_redis import embedded_redis, free_port

Start = Callable[..., PusherProcess]
OURS = "Pushing for 64 of 64 shards."


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The foreign project's database with one user, ann, who owns one parcel."""
    path = tmp_path_factory.mktemp("foreign") / "db.sqlite3"
    run_python(
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "from django.contrib.auth.models import User; from tests.foreign.parcels.models import Parcel\n"
        "Parcel.objects.create(owner=User.objects.create(username='ann'), destination='Oslo')",
        foreign_environment(path, "redis://127.0.0.1:1/0"),
    )
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated, tmp_path / "db.sqlite3"))


@pytest.fixture
def start(database: Path, redis_url: str) -> Iterator[Start]:
    """Start `runpushers` with these arguments; what still runs in the end is killed."""
    started: list[PusherProcess] = []

    def start(*arguments: str, redis: str = redis_url) -> PusherProcess:
        started.append(PusherProcess(foreign_environment(database, redis), *arguments))
        return started[-1]

    yield start
    for pusher in started:
        if pusher.process.poll() is None:
            pusher.process.kill()
        pusher.end(None)


def execute(database: Path, sql: str) -> list[tuple]:
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        return connection.execute(sql).fetchall()


def test_the_engine_runs_in_a_project_without_trading(database: Path, redis_url: str) -> None:
    printed = run_python(
        "import sys, tests.foreign.asgi\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('trading', 'tradingsite')))",
        foreign_environment(database, redis_url),
    )
    assert printed == "[]"


def test_the_foreign_project_passes_the_checks_and_has_its_migrations(database: Path, redis_url: str) -> None:
    printed = run_python(
        "from django.core.management import call_command\n"
        "call_command('check', fail_level='WARNING'); call_command('makemigrations', check=True)",
        foreign_environment(database, redis_url),
    )
    assert "no issues" in printed


def test_list_names_each_feed_with_its_interval(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("runpushers", "--list", "--feeds", "pnl,orders", "--interval", "pnl=0.5")
    pnl, orders = sorted(capsys.readouterr().out.splitlines(), reverse=True)
    assert pnl.split()[:4] == ["pnl", "every", "0.5", "s"]
    assert orders.split()[0] == "orders"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--feeds", "balance,nope"], "--feeds: unknown feed nope; there are .*balance"),
        (["--feeds", ","], "--feeds: expected NAME,NAME"),
        (["--interval", "nope=5"], "--interval: unknown feed 'nope'; there are .*balance"),
        (["--interval", "pnl"], "--interval pnl: expected seconds above 0 and below 86400, found ''"),
        (["--interval", "pnl=x"], "found 'x'"),
        (["--interval", "pnl=0"], "found '0'"),
        (["--interval", "pnl=-1"], "found '-1'"),
        (["--interval", "pnl=nan"], "found 'nan'"),
        (["--interval", "pnl=inf"], "found 'inf'"),
    ],
)
def test_an_unusable_argument_is_named(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("runpushers", "--list", *arguments)


def test_a_layer_that_nobody_else_hears_is_refused(settings) -> None:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    channel_layers.backends.clear()
    try:
        with pytest.raises(CommandError, match="reaches this process only"):
            call_command("runpushers")
    finally:
        channel_layers.backends.clear()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_hands_over(start: Start, database: Path, number: signal.Signals) -> None:
    pusher = start()
    pusher.wait_for(OURS)
    assert pusher.end(number) == 0
    assert "Traceback" not in pusher.output
    assert pusher.lines[-1] == "The push service stopped."
    assert {expires[:4] for (expires,) in execute(database, "SELECT expires_at FROM pushers_pushlease")} == {"2000"}
    assert execute(database, "SELECT count(*) FROM pushers_pushprocess") == [(0,)]


def test_two_processes_share_and_one_takes_over_all_at_sigterm(start: Start, database: Path) -> None:
    first = start()
    first.wait_for(OURS)
    before = dict(execute(database, "SELECT shard, epoch FROM pushers_pushlease"))
    second = start()
    for process in (first, second):
        process.wait_for("Pushing for 32 of 64 shards; the others are held by")
    assert first.end() == 0
    second.wait_for(OURS)
    rows = execute(database, "SELECT shard, owner, epoch FROM pushers_pushlease")
    assert len({owner for _, owner, _ in rows}) == 1
    assert all(epoch > before[shard] for shard, _, epoch in rows)
    assert second.end() == 0


async def test_a_killed_process_is_replaced_within_the_lease_time(start: Start) -> None:
    first = start()
    await asyncio.to_thread(first.wait_for, OURS)
    second = start()
    for process in (first, second):
        await asyncio.to_thread(process.wait_for, "Pushing for 32 of 64 shards")
    hub = await FakeHub().open()
    loop = asyncio.get_running_loop()
    first.process.kill()
    killed = loop.time()
    async with asyncio.timeout(SECONDS):
        while len((await hub.receive("beat"))["shards"]) < 64:
            continue
    assert loop.time() - killed < 2.0 + 2.0 / 4 + 1.0  # the lease, the next look, and a busy machine
    assert await asyncio.to_thread(second.end) == 0


async def test_a_process_paused_past_its_lease_sends_nothing_under_its_old_epochs(start: Start, database: Path) -> None:
    hub = await FakeHub().open()
    first = start()
    async with asyncio.timeout(SECONDS):
        await hub.receive("beat")
    await asyncio.to_thread(pause, first, database)
    second = start()
    await asyncio.to_thread(second.wait_for, OURS)
    epochs = dict(execute(database, "SELECT shard, epoch FROM pushers_pushlease"))
    async with asyncio.timeout(SECONDS):
        while dict((await hub.receive("beat"))["shards"]) != epochs:
            continue
        first.process.send_signal(signal.SIGCONT)
        await asyncio.to_thread(first.wait_for, "Pushing for 32 of 64 shards")
        shared: set[int] = set()
        old = 0
        while len(shared) < 64:
            beat = dict((await hub.receive("beat"))["shards"])
            if any(epoch < epochs[shard] for shard, epoch in beat.items()):
                old += 1
                continue
            shared |= beat.keys() if len(beat) == 32 else set()
    assert old <= 1  # what it was sending when it was stopped leaves when it goes on: that is for the hubs to refuse
    for process in (first, second):
        assert await asyncio.to_thread(process.end) == 0


def test_a_feed_that_hangs_keeps_neither_the_leases_nor_the_process(start: Start, database: Path, monkeypatch) -> None:
    monkeypatch.setenv("FOREIGN_HANG", "300")
    process = start()
    process.wait_for(OURS)
    hub = threading.Thread(target=lambda: asyncio.run(_ask_once()))
    hub.start()
    process.wait_for("The feed hangs.")
    hub.join()
    assert process.end() == 0
    assert {expires[:4] for (expires,) in execute(database, "SELECT expires_at FROM pushers_pushlease")} == {"2000"}


async def _ask_once() -> None:
    hub = await FakeHub().open()
    await hub.want("1", "parcels")


def pause(process: PusherProcess, database: Path) -> None:
    """Stop a process at a moment when it does not hold SQLite's one write lock, which nobody could take from it."""
    for _ in range(50):
        process.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.process.pid, os.WSTOPPED)  # a thread that still runs could take the lock later
        try:
            with closing(sqlite3.connect(database, timeout=0.1)) as connection:
                connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            process.process.send_signal(signal.SIGCONT)
        else:
            return
    raise AssertionError("the process holds the write lock all the time")


def test_another_number_of_shards_is_refused_at_the_start(start: Start, database: Path) -> None:
    execute(database, "INSERT INTO pushers_pushlease (shard, owner, epoch, expires_at) VALUES (0, '', 0, '2000-01-01')")
    process = start()
    assert process.end(None) == 1
    assert "PUSHERS['SHARDS'] is 64, but the database has 1 shards" in process.output
    assert "Traceback" not in process.output


async def test_a_change_is_read_numbered_and_pushed(start: Start, database: Path) -> None:
    hub = await FakeHub().open(user_group("1"))
    pusher = start("--interval", "parcels=0.2")
    async with asyncio.timeout(SECONDS):
        epoch = dict((await hub.receive("beat"))["shards"])[shard_of("1", 64)]
        await hub.want("1", "parcels")
        answer = (await hub.receive("answer"))["users"]["1"]["parcels"]
        assert [answer[0], answer[1], answer[3], answer[5]] == [epoch, 1, True, None]
        assert json.loads(answer[2])["snapshot"] == {"1": {"destination": "Oslo", "status": "packed"}}
        await asyncio.to_thread(execute, database, "UPDATE parcels_parcel SET status = 'sent'")  # past the ORM
        push = await hub.receive("push")
    assert push["user"] == "1"
    position = {"epoch": epoch, "seq": 2}
    assert json.loads(push["feeds"]["parcels"][3]) == {**position, "patch": {"1": {"status": "sent"}}}
    assert await asyncio.to_thread(pusher.end) == 0


async def test_once_pushes_for_whoever_is_watching_and_ends(start: Start) -> None:
    hub = await FakeHub().open()
    pusher = start("--once")
    async with asyncio.timeout(SECONDS):
        await hub.receive("beat")
        await hub.want("1", "parcels")
        answer = (await hub.receive("answer"))["users"]["1"]["parcels"]
    assert "Oslo" in answer[2]
    assert await asyncio.to_thread(pusher.end, None) == 0
    assert "1 users are watching." in pusher.output


def test_once_with_nobody_watching_says_what_to_do(start: Start) -> None:
    pusher = start("--once", "--dry-run")
    assert pusher.end(None) == 0
    assert "Nobody is watching, so nothing was read: open a page of the site first." in pusher.lines


def test_once_beside_a_running_process_is_refused_with_its_name(start: Start) -> None:
    first = start()
    first.wait_for(OURS)
    second = start("--once")
    assert second.end(None) == 1
    assert "another process pushes already" in second.output
    assert "Traceback" not in second.output
    assert first.end() == 0


async def test_a_dry_run_says_what_it_would_push_sends_nothing_and_takes_no_lease(
    start: Start, database: Path, redis_url: str
) -> None:
    hub = await FakeHub().open(user_group("1"))
    pusher = start("--dry-run", "--interval", "parcels=0.2")
    await asyncio.to_thread(pusher.wait_for, "Feed parcels: every 0.2 s.")
    asking = asyncio.create_task(_ask_for_ever(hub))
    await asyncio.to_thread(pusher.wait_for, "Would send parcels to user 1: snapshot 1")
    asking.cancel()
    await asyncio.to_thread(execute, database, "UPDATE parcels_parcel SET status = 'sent'")
    await asyncio.to_thread(pusher.wait_for, "Would push parcels to user 1: patch 2")
    assert await asyncio.to_thread(pusher.end) == 0
    await hub.layer.send_channel(hub.layer.channel, {"type": "fence"})
    async with asyncio.timeout(SECONDS):
        assert await hub.layer.receive() == {"type": "fence"}
    assert execute(database, "SELECT count(*) FROM pushers_pushlease") == [(0,)]


async def _ask_for_ever(hub: FakeHub) -> None:
    while True:
        await hub.want("1", "parcels")
        await asyncio.sleep(0.2)


def test_without_redis_it_says_so_keeps_trying_and_still_ends_cleanly(start: Start) -> None:
    pusher = start(redis=f"redis://127.0.0.1:{free_port()}/0")
    pusher.wait_for("The channel layer does not answer")
    assert pusher.end() == 0
    assert "Traceback" not in pusher.output
    assert len([line for line in pusher.lines if "The channel layer does not answer" in line]) == 1


async def test_it_starts_when_redis_comes_up_and_outlives_its_loss(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    own_layer = RedisPubSubChannelLayer(hosts=[{"address": url, "socket_timeout": None}])
    monkeypatch.setattr("pushers.layer.get_channel_layer", lambda: own_layer)
    pusher = start(redis=url)
    await asyncio.to_thread(pusher.wait_for, "The channel layer does not answer")
    with embedded_redis(port=port, log=tmp_path / "redis.log"):
        await asyncio.to_thread(pusher.wait_for, OURS)
    await asyncio.to_thread(pusher.wait_for, "The channel layer does not answer", times=2)
    with embedded_redis(port=port, log=tmp_path / "redis.log"):
        await asyncio.to_thread(pusher.wait_for, "The channel layer answers again.")
        async with asyncio.timeout(SECONDS):
            hub = await FakeHub().open()
            assert await _answer_to_a_question_repeated(hub)
        assert await asyncio.to_thread(pusher.end) == 0
    assert pusher.lines[-1] == "The push service stopped."
    await own_layer.flush()


async def _answer_to_a_question_repeated(hub: FakeHub) -> dict:
    asking = asyncio.create_task(_ask_for_ever(hub))
    try:
        return (await hub.receive("answer"))["users"]["1"]["parcels"]
    finally:
        asking.cancel()
