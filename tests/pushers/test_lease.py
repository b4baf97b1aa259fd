"""The leases: a shard has one owner at a time, and an epoch that never goes back. On the real database's clock."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models.functions import Now

from pushers.clock import now_ms
from pushers.dry_run import NoLeases
from pushers.lease import LONG_AGO, MARGIN, Leases, ShardCountError, owner_name, reshard
from pushers.models import PushLease, PushProcess
from tests.pushers.fakes import FakeClock

pytestmark = pytest.mark.django_db(transaction=True)

SHARDS = 8


def leases(count: int = SHARDS, seconds: float = 30, **options: Any) -> Leases:
    return Leases(count, seconds, **options)


def one(seconds: float = 30, **options: Any) -> Leases:
    """A process in a world of one shard."""
    return Leases(1, seconds, **options)


def expire(**of: Any) -> None:
    """Let leases run out by the database's clock, and the processes that held them count no more."""
    rows = PushLease.objects.filter(**of)
    PushProcess.objects.filter(owner__in=rows.values("owner")).update(expires_at=LONG_AGO)
    rows.update(expires_at=Now() - timedelta(seconds=1))


def sizes(*processes: Leases) -> list[int]:
    return sorted(len(process.held) for process in processes)


# One shard


def test_one_of_two_gets_it_and_the_other_is_told_who_and_for_how_long() -> None:
    first, second = one(), one()
    first.step()
    standing = second.step()
    assert standing.others == {0: first.owner}
    assert 25 < standing.next_end <= 30
    assert (sorted(first.held), second.held, second.epoch(0)) == ([0], {}, None)


def test_every_start_has_a_name_of_its_own() -> None:
    assert owner_name() != owner_name()


def test_a_lease_that_ran_out_is_taken_over_under_a_higher_epoch() -> None:
    first, second = one(), one()
    first.step()
    expire()
    second.step()
    assert second.epoch(0) > first.epoch(0)


def test_the_epoch_is_the_databases_clock_at_least() -> None:
    before, process = now_ms(), one()
    process.step()
    assert before - 1000 <= process.epoch(0) <= now_ms() + 1000


def test_the_epoch_rises_also_when_the_clock_stands_behind_it() -> None:
    ahead = now_ms() + 10_000_000
    PushLease.objects.create(shard=0, owner="gone", epoch=ahead, expires_at=LONG_AGO)
    process = one()
    process.step()
    assert process.epoch(0) == ahead + 1


def test_a_restored_row_does_not_bring_an_epoch_back() -> None:
    first, second = one(), one()
    first.step()
    before = first.epoch(0)
    PushLease.objects.update(owner="old", epoch=5, expires_at=LONG_AGO)
    second.step()
    first.step()
    assert first.held == {}
    assert second.epoch(0) >= before


def test_a_lease_is_renewed_while_its_row_is_ours() -> None:
    clock = FakeClock()
    process = one(4, clock=clock)
    process.step()
    epoch = process.epoch(0)
    clock.now += 2.9
    process.step()
    clock.now += 2.9
    assert process.epoch(0) == epoch


@pytest.mark.parametrize("row", [{"owner": "another"}, {"epoch": 1}])
def test_a_lease_whose_row_is_not_ours_is_not_renewed(row: dict) -> None:
    process = one()
    process.step()
    PushLease.objects.update(**row)
    expires_at = PushLease.objects.get().expires_at
    process.step()
    assert (process.held, process.epoch(0)) == ({}, None)
    assert PushLease.objects.get().expires_at == expires_at


def test_of_many_leases_only_the_lost_ones_are_given_up() -> None:
    process = leases()
    process.step()
    before = process.held
    PushLease.objects.filter(shard__in=[2, 5]).update(owner="another")
    process.step()
    assert process.held == {shard: epoch for shard, epoch in before.items() if shard not in (2, 5)}
    assert all(process.epoch(shard) is not None for shard in process.held)


def test_an_epoch_given_up_is_never_served_again() -> None:
    process = one()
    process.step()
    epoch = process.epoch(0)
    process.give_up([0])
    process.step()
    assert process.epoch(0) is None  # the row is ours, but memory does not know: it must run out
    expire()
    process.step()
    assert process.epoch(0) > epoch


def test_the_holder_stops_a_margin_before_the_database_would_let_go() -> None:
    clock = FakeClock()
    process = one(4, clock=clock)
    process.step()
    clock.now += 4 * (1 - MARGIN) - 0.01
    assert process.epoch(0) is not None
    clock.now += 0.01
    assert process.epoch(0) is None
    assert process.held


def test_the_deadline_counts_from_before_the_statement() -> None:
    clock = FakeClock()

    class Slow(Leases):
        def _end(self) -> Any:
            clock.now += 1  # every statement that sets an end takes its time
            return super()._end()

    process = Slow(1, 4, clock=clock)
    process.step()  # announced, then taken
    clock.now += 2
    assert process.epoch(0) is None
    process.step()
    clock.now += 1.9
    assert process.epoch(0) is not None


def test_a_lease_can_change_hands_many_times() -> None:
    processes, epochs = [one(), one()], []
    for turn in range(12):
        process = processes[turn % 2]
        process.step()
        epochs.append(process.epoch(0))
        process.release()
    assert epochs == sorted(set(epochs))


@pytest.mark.parametrize("microsecond", [0, 120_000, 123_456])
def test_any_form_of_a_stored_time_can_be_taken_over(microsecond: int) -> None:
    end = datetime(2026, 1, 1, microsecond=microsecond, tzinfo=UTC)
    PushLease.objects.create(shard=0, owner="gone", epoch=1, expires_at=end)
    process = one()
    process.step()
    assert process.held


def test_a_time_that_the_database_itself_wrote_can_be_taken_over() -> None:
    PushLease.objects.create(shard=0, owner="gone", epoch=1, expires_at=LONG_AGO)
    PushLease.objects.update(expires_at=Now())
    process = one()
    process.step()
    assert process.held


def test_an_end_that_only_a_wrong_clock_can_have_written_counts_as_run_out() -> None:
    other, process = one(4), one(4)
    other.step()
    PushLease.objects.update(expires_at=Now() + timedelta(hours=1))
    PushProcess.objects.all().delete()
    process.step()
    assert process.epoch(0) > other.epoch(0)


# Sharing


def test_a_process_alone_has_everything() -> None:
    process = leases()
    assert process.step().processes == 1
    assert sorted(process.held) == list(range(SHARDS))


def test_one_that_joins_comes_to_its_share() -> None:
    first, second = leases(), leases()
    first.step()
    assert second.step().others == dict.fromkeys(range(SHARDS), first.owner)
    released = first.step().released
    assert len(released) == SHARDS // 2
    second.step()
    assert sorted(second.held) == sorted(released)
    assert sizes(first, second) == [4, 4]


@pytest.mark.parametrize(("count", "shares"), [(3, [2, 3, 3]), (5, [0, 2, 2, 2, 2]), (10, [0, 0, *[1] * 8])])
def test_shares_differ_by_no_more_than_rounding_asks(count: int, shares: list[int]) -> None:
    processes = [leases() for _ in range(count)]
    for _ in range(3):
        for process in processes:
            process.step()
    assert sizes(*processes) == shares


def test_the_shards_of_a_dead_process_go_to_all_others() -> None:
    first, second, third = processes = [leases() for _ in range(3)]
    for _ in range(3):
        for process in processes:
            process.step()
    expire(owner=first.owner)
    for process in (second, third):
        process.step()
    assert sizes(second, third) == [4, 4]
    assert not second.held.keys() & third.held.keys()


def test_who_was_second_with_some_looks_again_at_once_for_the_others() -> None:
    first, second, third = processes = [leases() for _ in range(3)]
    for _ in range(3):
        for process in processes:
            process.step()
    expire(owner=first.owner)
    take = third._take

    def late(rows: list[PushLease], now: datetime) -> int:
        second.step()  # takes some of those that were read as free
        return take(rows, now)

    third._take = late  # type: ignore[method-assign]
    if third.step().next_end != 0.0:
        assert len(third.held) == 4
    third._take = take  # type: ignore[method-assign]
    third.step()
    assert sizes(second, third) == [4, 4]
    assert third.step().next_end > 1


def test_nobody_gives_back_what_nobody_needs() -> None:
    first, second = leases(), leases()
    for _ in range(3):
        first.step()
        second.step()
    held = first.held
    assert [first.step().released for _ in range(5)] == [[]] * 5
    assert first.held == held


def test_release_hands_everything_over_at_once() -> None:
    first, second = leases(), leases()
    first.step()
    epochs = first.held
    first.release()
    assert (first.held, PushProcess.objects.count()) == ({}, 0)
    second.step()
    assert all(second.epoch(shard) > epoch for shard, epoch in epochs.items())


def test_what_is_given_back_is_not_served_while_the_row_is_written() -> None:
    first, second = leases(), leases()
    first.step()
    second.step()
    served: list[bool] = []
    real = first.give_up

    def give_up(shards: Any) -> None:
        named = list(shards)
        real(named)
        rows = PushLease.objects.filter(shard__in=named, owner=first.owner, expires_at__gt=Now())
        served.append(len(named) == rows.count())  # the rows still say that they are ours

    first.give_up = give_up  # type: ignore[method-assign]
    first.step()
    assert served == [True]


def test_release_leaves_alone_what_is_anothers_by_now() -> None:
    first, second = leases(), leases()
    first.step()
    expire()
    second.step()
    held = second.held
    first.release()
    second.step()
    assert second.held == held


def test_processes_that_died_long_ago_are_forgotten() -> None:
    PushProcess.objects.create(owner="old", started_at=LONG_AGO, expires_at=LONG_AGO)
    process = leases()
    assert process.step().processes == 1
    assert str(PushProcess.objects.get()) == process.owner


def test_of_eight_who_race_each_shard_has_one_owner_and_its_epochs_rise() -> None:
    rounds, racers = 4, 8
    barrier = threading.Barrier(racers)
    won: list[tuple[int, int, int]] = []  # (round, shard, epoch)
    failed: list[BaseException] = []

    def race() -> None:
        try:
            for number in range(rounds):
                process = leases()
                barrier.wait(20)
                process.step()
                won.extend((number, shard, epoch) for shard, epoch in process.held.items())
                if barrier.wait(20) == 0:
                    PushProcess.objects.all().delete()
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
    assert len({(number, shard) for number, shard, _ in won}) == len(won)
    for shard in range(SHARDS):
        epochs = [epoch for _, taken, epoch in sorted(won) if taken == shard]
        assert epochs == sorted(set(epochs))


def _run(target: Callable[[], None], count: int) -> None:
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


# The number of shards


def test_another_number_of_shards_is_refused_and_nothing_is_held() -> None:
    leases(8).step()
    process = leases(16)
    with pytest.raises(ShardCountError, match=r"PUSHERS\['SHARDS'\] is 16, but the database has 8 shards"):
        process.step()
    assert process.held == {}


def test_a_running_process_stops_when_the_number_changes_under_it() -> None:
    process = leases(8)
    process.step()
    PushLease.objects.create(shard=8, expires_at=LONG_AGO)
    with pytest.raises(ShardCountError):
        process.step()
    assert process.held == {}


def test_resharding_raises_all_epochs() -> None:
    process = leases(8)
    process.step()
    highest = max(process.held.values()) + 1_000_000
    process.release()
    PushLease.objects.filter(shard=3).update(epoch=highest)
    assert reshard(4) == 8
    after = leases(4)
    after.step()
    assert min(after.held.values()) > highest


def test_resharding_is_refused_while_a_shard_is_held() -> None:
    process = leases(8)
    process.step()
    with pytest.raises(ShardCountError, match=process.owner.split(":")[-1]):
        reshard(4)
    assert PushLease.objects.count() == 8


def test_the_command_makes_the_number_of_the_settings(settings, capsys) -> None:
    reshard(8)
    settings.PUSHERS = {"SHARDS": 2}
    call_command("reshard")
    assert capsys.readouterr().out == "There are 2 shards; there were 8.\n"
    leases(2).step()
    with pytest.raises(CommandError, match="Stop all push processes first"):
        call_command("reshard")


# Others


def test_a_dry_run_holds_everything_and_no_row() -> None:
    process = NoLeases(SHARDS, 4)
    process.step()
    assert all(process.epoch(shard) is not None for shard in range(SHARDS))
    process.release()
    assert not PushLease.objects.exists()


def test_the_row_says_in_words_who_holds_it() -> None:
    process = one(owner="machine:1")
    process.step()
    assert str(PushLease.objects.get()) == f"shard 0: machine:1, epoch {process.epoch(0)}"
