"""The digest: a sum of fingerprints that only the same positions give, each computed once."""

import itertools

import pytest

from pushers import digest
from pushers.digest import PRIME, Fingerprint, digest_of, fingerprint_of, key_of
from pushers.stream import Position

FAR = Position(2**53 - 1, 2**53 - 1)


def of(user: str, feed: str, *position: int) -> int:
    return Fingerprint().of(user, feed, Position(*position))


def test_the_order_does_not_matter_and_everything_else_does() -> None:
    first, second = of("1", "orders", 7, 1), of("2", "pnl", 7, 2)
    assert digest_of([first, second]) == digest_of([second, first])
    others = [of("2", "orders", 7, 1), of("1", "pnl", 7, 1), of("1", "orders", 8, 1), of("1", "orders", 1, 7)]
    others += [of("1", "orders", 7, 2), of("11", "orders", 7, 1), of("1", "orders", 71, 1), of("1o", "rders", 7, 1)]
    digests = {digest_of([entry]) for entry in [first, *others]} | {digest_of([]), digest_of([first, second])}
    assert len(digests) == 11


def test_neighbours_one_ahead_and_one_behind_do_not_cancel_out() -> None:
    """A sum of numbers that grow with the position would not tell these apart."""
    users, seqs = ("1", "2", "3"), (4, 5, 6)
    states = [dict(zip(users, chosen, strict=True)) for chosen in itertools.product(seqs, repeat=3)]
    digests = {digest_of(of(user, "orders", 7, seq) for user, seq in state.items()) for state in states}
    assert len(digests) == len(states)


def test_one_position_and_two_around_it_are_told_apart() -> None:
    both = [of("1", "orders", 7, 4), of("1", "orders", 7, 6)]
    assert digest_of(both) != digest_of([of("1", "orders", 7, 5)])
    assert digest_of(both) not in {digest_of([one]) for one in both}


@pytest.mark.parametrize("position", [Position(0, 0), Position(1, 1), FAR])
def test_fingerprints_and_digests_keep_their_size(position: Position) -> None:
    value = fingerprint_of(PRIME - 1, position)
    assert 0 <= value < PRIME
    assert len(digest_of([value] * 1000)) == len(digest_of([])) == 16


def test_it_is_the_same_in_every_process_and_release() -> None:
    """Hubs and owners that are updated one after the other still understand each other."""
    assert key_of("1", "orders") == 3_341_384_168_748_725_370
    assert digest_of([fingerprint_of(3, Position(5, 7))]) == f"{3 + 5 * 9 + 7 * 27:016x}"


def test_a_fingerprint_is_computed_when_the_position_changes_and_not_again(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[tuple[int, int]] = []

    def count(key: int, position: tuple[int, int]) -> int:
        computed.append(position)
        return fingerprint_of(key, position)

    monkeypatch.setattr(digest, "fingerprint_of", count)
    fingerprint, first, second = Fingerprint(), Position(7, 1), Position(7, 2)
    assert fingerprint.of("1", "orders", first) == fingerprint.of("1", "orders", first)
    assert fingerprint.of("1", "orders", second) == fingerprint_of(key_of("1", "orders"), second)
    assert fingerprint.of("1", "orders", first) == of("1", "orders", 7, 1)
    assert computed == [first, second, first, first]
