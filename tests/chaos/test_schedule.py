"""The schedule is the seed's alone, and full."""

from tests.chaos.schedule import KINDS, mixed, pusher_kills


def test_the_same_seed_is_the_same_schedule() -> None:
    assert mixed(7, 600, 200) == mixed(7, 600, 200)
    assert mixed(7, 600, 200) != mixed(8, 600, 200)


def test_ten_minutes_hold_more_than_sixty_faults_of_every_kind_twice() -> None:
    for seed in range(20):
        faults = mixed(seed, 600, 200)
        kinds = [fault.kind for fault in faults]
        assert len(faults) >= 60
        assert all(kinds.count(kind.name) >= 2 for kind in KINDS)
        ends = [fault.at + fault.seconds for fault in faults]
        assert all(end < later.at for end, later in zip(ends, faults[1:], strict=False))
        assert ends[-1] < 600


def test_every_pusher_is_killed_in_its_turn() -> None:
    kills = pusher_kills(7, 120)
    assert [(fault.at, fault.which % 3) for fault in kills] == [(20, 0), (40, 1), (60, 2), (80, 0), (100, 1)]
