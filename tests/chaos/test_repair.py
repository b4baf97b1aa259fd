"""A repair lasts from the end of the fault until the last client that felt it is well."""

from tests.chaos.faults import Done
from tests.chaos.judge import Verdict, Watched
from tests.chaos.repair import longest, repair_seconds


def fault(kind: str, start: float, end: float) -> Done:
    return Done(kind, start, end, "it", end - start)


def verdict(*clients: Watched) -> Verdict:
    found = Verdict()
    found.clients = dict(enumerate(clients))
    return found


def test_the_last_client_to_be_well_counts() -> None:
    found = verdict(Watched(1, bad=[(11.0, 14.0), (14.0, 15.5)]), Watched(2, bad=[(11.0, 13.0)]), Watched(3))
    ((_, seconds, hit),) = repair_seconds(found, [fault("redis_kill", 10.0, 12.0)], 3)
    assert (seconds, hit) == (3.5, 2)


def test_who_is_well_before_the_end_of_the_fault_needed_no_repair() -> None:
    found = verdict(Watched(1, bad=[(11.0, 14.0)]))
    ((_, seconds, hit),) = repair_seconds(found, [fault("pusher_freeze", 10.0, 18.0)], 1)
    assert (seconds, hit) == (0.0, 1)


def test_a_spell_belongs_to_the_fault_in_whose_time_it_was_even_when_it_ends_later() -> None:
    found = verdict(Watched(1, bad=[(12.0, 25.0)]))
    faults = [fault("web_kill", 10.0, 10.0), fault("redis_flush", 20.0, 20.0), fault("redis_cut", 30.0, 30.0)]
    repaired = repair_seconds(found, faults, 1)
    assert longest(repaired) == {"redis_cut": 0.0, "redis_flush": 5.0, "web_kill": 15.0}


def test_tabs_that_are_opened_for_a_moment_hold_up_no_repair_but_their_own() -> None:
    tab = Watched(2, bad=[(31.0, 33.0)], hits={"opened": [31.0]})
    faults = [fault("redis_cut", 30.0, 30.0), fault("client_storm", 30.5, 31.5)]
    faults[0].end = faults[0].start
    repaired = repair_seconds(verdict(Watched(1), tab), faults, 1)
    assert longest(repaired) == {"client_storm": 1.5, "redis_cut": 0.0}
