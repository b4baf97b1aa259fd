"""Whoever changes a row, and however: the pushers hear of its user at once, on PostgreSQL."""

import asyncio
import random
import threading
import time
from contextlib import asynccontextmanager, suppress
from decimal import Decimal as D
from types import SimpleNamespace

import pytest
from channels.db import database_sync_to_async
from django.core.checks import run_checks
from django.db import connection, transaction
from django.db.models import F

from pushers import capture, hints
from pushers.capture_listener import CaptureListener
from pushers.engine import Engine, Selection
from pushers.lease import Leases
from tests.trading.rows import bulk_accounts, make_account, make_instrument
from trading.models import Account, Order, Position
from trading.services import account_erase

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="change capture is for PostgreSQL"),
]
PATIENCE = 30
TRIPLE = "UPDATE trading_position SET leverage = 3 WHERE account_id = {}"


class Owned:
    """As much of a model as `capture` looks at."""

    _meta = SimpleNamespace(db_table="owned", get_field=lambda name: SimpleNamespace(column=name))


class Ear:
    """Collects what the listener hears."""

    def __init__(self) -> None:
        self.count = 0
        self.told: list[list[str]] = []
        self._more = asyncio.Event()

    def __call__(self, users: list[str]) -> None:
        self.count += 1
        self.told.append(users)
        self._more.set()

    async def hears(self, *users: str) -> None:
        """Wait until exactly these users have been told of, since the last call."""
        async with asyncio.timeout(PATIENCE):
            while not set(users) <= {user for told in self.told for user in told}:
                self._more.clear()
                await self._more.wait()
        assert {user for told in self.told for user in told} == set(users)
        self.told.clear()


@asynccontextmanager
async def listening():
    ear = Ear()
    listener = CaptureListener(ear)
    task = asyncio.create_task(listener.run())
    try:
        async with asyncio.timeout(PATIENCE):
            await listener.listening.wait()
        yield ear
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def rows():
    """Two accounts with a position and an order each."""
    instrument = make_instrument()
    accounts = [make_account(), make_account()]
    for account in accounts:
        Position.objects.create(account=account, instrument=instrument, signed_amount=1, open_cost=1)
        Order.objects.create(account=account, instrument=instrument, side="buy", type="limit", price=9, amount=5)
    return accounts


def raw(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


CHANGES = {
    "an update of a position": lambda one: Position.objects.filter(account=one).update(fees=F("fees") + 1),
    "raw SQL": lambda one: raw(f"UPDATE trading_order SET filled = 1, cost = 9 WHERE account_id = {one.pk}"),
    "a deleted order": lambda one: Order.objects.filter(account=one).delete(),
    "a new order": lambda one: Order.objects.create(
        account=one, instrument=one.positions.get().instrument, side="buy", type="limit", price=9, amount=5
    ),
    "money": lambda one: Account.objects.filter(pk=one.pk).update(total=D(5)),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_every_change_is_told_with_its_user_and_nobody_else(rows, change):
    async with listening() as ear:
        await database_sync_to_async(CHANGES[change])(rows[0])
        await ear.hears(str(rows[0].user_id))


async def test_a_row_that_goes_to_another_user_is_told_to_both(rows):
    one, other = rows
    async with listening() as ear:
        await database_sync_to_async(Order.objects.filter(account=one).update)(account=other)
        await ear.hears(str(one.user_id), str(other.user_id))


async def test_a_transaction_that_is_rolled_back_is_not_told(rows):
    one, other = rows

    def roll_back() -> None:
        with suppress(ZeroDivisionError), transaction.atomic():
            Position.objects.filter(account=one).update(fees=5)
            raise ZeroDivisionError
        Position.objects.filter(account=other).update(fees=5)

    async with listening() as ear:
        await database_sync_to_async(roll_back)()
        await ear.hears(str(other.user_id))


async def test_a_transaction_with_many_changes_of_a_user_tells_him_once(rows):
    one = rows[0]

    def change() -> None:
        with transaction.atomic():
            Position.objects.filter(account=one).update(fees=5)
            Order.objects.filter(account=one).update(filled=1, cost=9)
            Account.objects.filter(pk=one.pk).update(total=5)

    async with listening() as ear:
        await database_sync_to_async(change)()
        await database_sync_to_async(Position.objects.filter(account=rows[1]).update)(fees=6)
        await ear.hears(str(one.user_id), str(rows[1].user_id))
        assert ear.count == 2


async def test_a_statement_over_many_users_is_told_in_parts_and_one_over_too_many_not_at_all():
    accounts = await database_sync_to_async(bulk_accounts)(capture.MOST_USERS + 1)
    some = random.sample(accounts, capture.MOST_USERS)
    async with listening() as ear:
        await database_sync_to_async(Account.objects.update)(day_equity=5)
        await database_sync_to_async(Account.objects.filter(pk__in=[one.pk for one in some]).update)(total=5)
        await ear.hears(*(str(one.user_id) for one in some))


async def test_the_listener_comes_back_after_its_connection_was_ended(rows):
    ear = Ear()
    listener = CaptureListener(ear)
    task = asyncio.create_task(listener.run())
    end = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await listener.listening.wait()
            await database_sync_to_async(raw)(end)
            await listener.away.wait()
            await listener.listening.wait()
        await database_sync_to_async(Position.objects.filter(account=rows[0]).update)(fees=5)
        await ear.hears(str(rows[0].user_id))
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_stranger_on_the_channel_is_ignored(rows, caplog):
    async with listening() as ear:
        for payload in ("no JSON", "{}", "[1]"):
            await database_sync_to_async(raw)(f"NOTIFY {capture.CHANNEL}, '{payload}'")
        await database_sync_to_async(Position.objects.filter(account=rows[0]).update)(fees=5)
        await ear.hears(str(rows[0].user_id))
    assert caplog.text.count("Ignored a notification") == 3


def test_an_account_with_all_its_rows_can_still_be_erased(rows):
    account_erase(account=rows[0], reason="a test")
    assert not Account.objects.filter(pk=rows[0].pk).exists()


def test_a_session_with_another_search_path_can_write(rows):
    """As `pg_restore --data-only` has it, and a hand in psql may."""
    schema = "(SELECT current_schema())"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {schema}")
        [(schema,)] = cursor.fetchall()
    with transaction.atomic():
        raw("SET LOCAL search_path = ''")
        raw(TRIPLE.format(rows[0].pk).replace("trading_position", f"{schema}.trading_position"))
    assert rows[0].positions.get().leverage == 3


async def test_a_row_of_nobody_hides_no_user(rows):
    """The path to the user may lead to NULL, and the others of the statement are told of all the same."""
    paths = {Owned: "owner_id"}
    await database_sync_to_async(raw)("CREATE TABLE owned (id int, owner_id int)")
    try:
        await database_sync_to_async(capture.install)(connection, paths)
        async with listening() as ear:
            await database_sync_to_async(raw)("INSERT INTO owned VALUES (1, NULL), (2, 7)")
            await ear.hears("7")
    finally:
        await database_sync_to_async(capture.remove)(connection, paths)
        await database_sync_to_async(raw)("DROP TABLE owned")


def test_long_names_of_tables_are_told_apart():
    """PostgreSQL would cut the names of their triggers and functions off at the same place."""
    tables = ["t" * 57 + "_one", "t" * 57 + "_two"]
    triggers = {capture._trigger(table, event) for table in tables for event in capture.EVENTS}
    functions = {capture._function(table) for table in tables}
    assert len({name[:63] for name in triggers}) == 6
    assert len({name[:63] for name in functions}) == 2


def test_a_check_names_the_triggers_that_are_missing():
    assert capture.missing(connection, capture.declared()) == []
    raw("DROP TRIGGER trading_position_tells_update ON trading_position")
    try:
        assert capture.missing(connection, capture.declared()) == ["trading_position_tells_update"]
        assert "pushers.W008" in [found.id for found in run_checks(tags=["database"], databases=["default"])]
    finally:
        capture.install(connection, capture.declared())
    assert capture.missing(connection, capture.declared()) == []


def test_without_triggers_rows_are_written_all_the_same(rows):
    capture.remove(connection, capture.declared())
    try:
        assert Position.objects.update(fees=7) == 2
        assert len(capture.missing(connection, capture.declared())) == 12
    finally:
        capture.install(connection, capture.declared())


class Pushed:
    """A sender that says when something is pushed to a user."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.more = asyncio.Event()

    def to_group(self, fences, group, message) -> None:
        if message["type"] == "push":
            self.users.append(message["user"])
            self.more.set()

    def to_channel(self, fences, channel, message) -> None:
        pass


@asynccontextmanager
async def watched_engine(user: str):
    """An engine without loops, whose one user has been read; nothing but a hint makes it read again."""
    sender = Pushed()
    engine = Engine(Selection.of({"positions", "pnl"}), Leases(1, 60.0), sender)
    try:
        await engine.keeper.step()
        engine.watchers.add(user, ["positions", "pnl"], time.monotonic() + 3600)
        refreshing = asyncio.create_task(engine.refresher.run())
        engine.refresher.request([user])
        async with asyncio.timeout(PATIENCE):
            await engine.refresher.idle()
        yield engine, sender
    finally:
        refreshing.cancel()
        with suppress(asyncio.CancelledError):
            await refreshing
        await database_sync_to_async(engine.leases.release)()
        engine.close()


async def test_what_raw_sql_changed_is_pushed_without_a_nudge_and_without_a_tick(rows):
    user = str(rows[0].user_id)
    async with watched_engine(user) as (engine, sender):
        hearing = asyncio.create_task(engine.listener.run())
        async with asyncio.timeout(PATIENCE):
            await engine.listener.listening.wait()
            await database_sync_to_async(raw)(TRIPLE.format(rows[0].pk))
            await sender.more.wait()
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing
    assert set(sender.users) == {user}


class Reads:
    """Notes whom an engine reads, and can hold a read up once its snapshot has been taken."""

    def __init__(self, engine: Engine) -> None:
        self.users: list[str] = []
        self.may_end = threading.Event()
        self.may_end.set()
        self.taken = threading.Semaphore(0)
        self._read = engine.reader.read
        engine.reader.read = self

    def __call__(self, wanted, *known):
        self.users += wanted
        found = self._read(wanted, *known)
        self.taken.release()
        assert self.may_end.wait(PATIENCE)
        return found


@asynccontextmanager
async def hearing_engine(user: str):
    """A watched engine that listens, what it reads, and an event of its having heard of somebody."""
    async with watched_engine(user) as (engine, sender):
        reads, heard = Reads(engine), asyncio.Event()
        hear = engine.listener._heard
        engine.listener._heard = lambda users: (hear(users), heard.set())
        hearing = asyncio.create_task(engine.listener.run())
        async with asyncio.timeout(PATIENCE):
            await engine.listener.listening.wait()
            yield engine, sender, reads, heard
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing


def nudge_of(user: str) -> dict:
    return {"type": "nudge", "users": [user], "feeds": None}


async def test_a_commit_that_a_nudge_tells_of_too_is_read_once(rows, monkeypatch):
    monkeypatch.setattr(hints, "HOLD", 0.5)
    user = str(rows[0].user_id)
    async with hearing_engine(user) as (engine, sender, reads, heard):
        await database_sync_to_async(raw)(TRIPLE.format(rows[0].pk))
        await heard.wait()
        engine.handle(nudge_of(user))
        await sender.more.wait()
        await asyncio.sleep(2 * hints.HOLD)  # it is what does not happen that counts
        await engine.refresher.idle()
    assert reads.users == [user]


async def test_a_commit_that_is_told_of_during_a_read_is_read_by_another_though_no_nudge_comes(rows):
    user, position = str(rows[0].user_id), Position.objects.filter(account=rows[0])
    async with hearing_engine(user) as (engine, sender, reads, heard):
        reads.may_end.clear()
        engine.handle(nudge_of(user))
        await asyncio.to_thread(reads.taken.acquire)
        await database_sync_to_async(position.update)(leverage=4)  # later than the snapshot of the read under way
        await heard.wait()
        reads.may_end.set()
        await sender.more.wait()
        await engine.refresher.idle()
        document = engine.publisher.stream(user, "positions").document
    assert [entry["leverage"] for entry in document.values()] == ["4"]
    assert reads.users == [user, user]


async def test_with_nobody_listening_the_tick_finds_it(rows):
    user = str(rows[0].user_id)
    async with watched_engine(user) as (engine, sender):
        await engine.tick_once()  # which learns the versions
        await database_sync_to_async(raw)(TRIPLE.format(rows[0].pk))
        assert sender.users == []
        await engine.tick_once()
        async with asyncio.timeout(PATIENCE):
            await sender.more.wait()
    assert set(sender.users) == {user}
