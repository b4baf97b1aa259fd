"""The lease: one owner at a time, and an epoch that never goes back. On the real database's clock and rows."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from pushers.clock import now_ms
from pushers.dry_run import NoLease
from pushers.lease import LONG_AGO, MARGIN, Holder, Lease, owner_name
from pushers.models import PushLease
from tests.pushers.fakes import FakeClock

pytestmark = pytest.mark.django_db(transaction=True)


def expire() -> None:
    """Let the lease run out by the database's clock."""
    PushLease.objects.update(expires_at=Now() - timedelta(seconds=1))


def test_one_of_two_gets_it_and_the_other_is_told_who() -> None:
    first, second = Lease(0, 30), Lease(0, 30)
    assert first.acquire() is None
    holder = second.acquire()
    assert isinstance(holder, Holder)
    assert holder.owner == first.owner
    assert 25 < holder.seconds_left <= 30
    assert (first.held, second.held, second.epoch) == (True, False, None)


def test_every_start_has_a_name_of_its_own() -> None:
    assert owner_name() != owner_name()


def test_a_lease_that_ran_out_is_taken_over_under_a_higher_epoch() -> None:
    first, second = Lease(0, 30), Lease(0, 30)
    first.acquire()
    expire()
    assert second.acquire() is None
    assert second.epoch > first.epoch


def test_the_epoch_is_the_databases_clock_at_least() -> None:
    before, lease = now_ms(), Lease(0, 30)
    lease.acquire()
    assert before - 1000 <= lease.epoch <= now_ms() + 1000


def test_the_epoch_rises_also_when_the_clock_stands_behind_it() -> None:
    ahead = now_ms() + 10_000_000
    PushLease.objects.create(shard=0, owner="gone", epoch=ahead, expires_at=LONG_AGO)
    lease = Lease(0, 30)
    lease.acquire()
    assert lease.epoch == ahead + 1


def test_a_restored_row_does_not_bring_an_epoch_back() -> None:
    first, second = Lease(0, 30), Lease(0, 30)
    PushLease.objects.create(shard=0, owner="old", epoch=5, expires_at=LONG_AGO)
    first.acquire()
    PushLease.objects.update(owner="old", epoch=5, expires_at=LONG_AGO)
    assert not first.renew()
    assert second.acquire() is None
    assert second.epoch >= now_ms() - 1000


def test_a_lease_is_renewed_while_its_row_is_ours() -> None:
    clock = FakeClock()
    lease = Lease(0, 4, clock=clock)
    lease.acquire()
    epoch = lease.epoch
    clock.now += 2.9
    assert lease.renew()
    clock.now += 2.9
    assert lease.epoch == epoch


@pytest.mark.parametrize("row", [{"owner": "another"}, {"epoch": 1}])
def test_a_lease_whose_row_is_not_ours_is_not_renewed(row: dict) -> None:
    lease = Lease(0, 30)
    lease.acquire()
    PushLease.objects.update(**row)
    expires_at = PushLease.objects.get().expires_at
    assert not lease.renew()
    assert (lease.held, lease.epoch) == (False, None)
    assert PushLease.objects.get().expires_at == expires_at
    assert not lease.renew()


def test_an_epoch_given_up_is_never_served_again() -> None:
    lease = Lease(0, 30)
    lease.acquire()
    epoch = lease.epoch
    lease.give_up()
    assert not lease.renew()
    expire()
    lease.acquire()
    assert lease.epoch > epoch


def test_the_holder_stops_a_margin_before_the_database_would_let_go() -> None:
    clock = FakeClock()
    lease = Lease(0, 4, clock=clock)
    lease.acquire()
    clock.now += 4 * (1 - MARGIN) - 0.01
    assert lease.epoch is not None
    clock.now += 0.01
    assert lease.epoch is None
    assert lease.held


def test_the_deadline_counts_from_before_the_statement() -> None:
    clock = FakeClock()

    class SlowLease(Lease):
        def _expiry(self) -> object:
            clock.now += 2  # the statement takes its time
            return super()._expiry()

    lease = SlowLease(0, 4, clock=clock)
    lease.acquire()
    clock.now += 1
    assert lease.epoch is None
    assert lease.renew()
    clock.now += 0.9
    assert lease.epoch is not None


def test_release_hands_over_at_once() -> None:
    first, second = Lease(0, 30), Lease(0, 30)
    first.acquire()
    epoch = first.epoch
    first.release()
    assert (first.held, first.epoch) == (False, None)
    assert second.acquire() is None
    assert second.epoch > epoch


def test_release_leaves_a_lease_alone_that_is_anothers_by_now() -> None:
    first, second = Lease(0, 30), Lease(0, 30)
    first.acquire()
    expire()
    second.acquire()
    first.release()
    assert second.renew()


def test_a_lease_can_change_hands_many_times() -> None:
    leases, epochs = [Lease(0, 30), Lease(0, 30)], []
    for turn in range(12):
        lease = leases[turn % 2]
        assert lease.acquire() is None
        epochs.append(lease.epoch)
        lease.release()
    assert epochs == sorted(set(epochs))


@pytest.mark.parametrize("microsecond", [0, 120_000, 123_456])
def test_any_form_of_a_stored_time_can_be_taken_over(microsecond: int) -> None:
    PushLease.objects.create(
        shard=0, owner="gone", epoch=1, expires_at=datetime(2026, 1, 1, microsecond=microsecond, tzinfo=UTC)
    )
    assert Lease(0, 30).acquire() is None


def test_a_time_that_the_database_itself_wrote_can_be_taken_over() -> None:
    PushLease.objects.create(shard=0, owner="gone", epoch=1, expires_at=LONG_AGO)
    PushLease.objects.update(expires_at=Now())
    assert Lease(0, 30).acquire() is None


def test_of_eight_who_race_exactly_one_wins_each_epoch() -> None:
    rounds, racers = 5, 8
    barrier = threading.Barrier(racers)
    won: list[tuple[int, int]] = []  # (round, epoch)
    failed: list[BaseException] = []

    def race() -> None:
        try:
            for number in range(rounds):
                lease = Lease(0, 30)
                barrier.wait(20)
                if lease.acquire() is None:
                    won.append((number, lease.epoch))
                if barrier.wait(20) == 0:
                    PushLease.objects.update(expires_at=LONG_AGO)
                barrier.wait(20)
        except BaseException as error:
            failed.append(error)
            barrier.abort()
            raise
        finally:
            connections.close_all()

    _run(race, racers)
    assert failed == []
    assert [number for number, _ in sorted(won)] == list(range(rounds))
    epochs = [epoch for _, epoch in sorted(won)]
    assert epochs == sorted(set(epochs))


def _run(target: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_a_dry_run_holds_no_row() -> None:
    lease = NoLease(0)
    assert lease.acquire() is None
    assert lease.renew()
    assert lease.held
    assert lease.epoch is not None
    lease.release()
    assert not PushLease.objects.exists()


def test_the_row_says_in_words_who_holds_it() -> None:
    lease = Lease(0, 30, owner="machine:1")
    lease.acquire()
    assert str(PushLease.objects.get()) == f"shard 0: machine:1, epoch {lease.epoch}"


def test_an_end_that_only_a_wrong_clock_can_have_written_counts_as_run_out() -> None:
    other, lease = Lease(0, 4.0), Lease(0, 4.0)
    other.acquire()
    PushLease.objects.update(expires_at=Now() + timedelta(hours=1))
    assert lease.acquire() is None
    assert lease.epoch > other.epoch
