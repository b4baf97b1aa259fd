"""Push processes and web processes as they are, over a layer that loses, repeats, delays and reorders.

Every run is one seed: a database that changes, push processes that stop, die and lose their shards to each other, pages
that come, go and read slowly, for a minute of a fake clock. Threads, tasks, Redis and sockets are simulated; leases in
memory, streams, questions and answers, digests, the hub's books and the client's rule are the real ones. Then the
faults end. No run may number two documents alike, send under an epoch that was replaced, show feeds of two cuts as live
together, pass on what an owner says who is known to be replaced, show an invented document or an older one than
before, leave a gap to the browser, call a document live that was wrong for long, or end without the newest state; and
where nothing fails, everything is live, and a change is shown within its feed's interval.
"""

import pytest

from tests.simulation.course import Course
from tests.simulation.world import SHARDS


@pytest.fixture(autouse=True)
def shards(settings):
    settings.PUSHERS = {"SHARDS": SHARDS}


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_whatever_fails_everybody_ends_with_the_truth(first: int) -> None:
    for seed in range(first, first + 20):
        Course(seed).run()


@pytest.mark.parametrize("seed", [5129, 5135, 5274, 5356, 20289])
def test_these_once_called_something_live_for_too_long(seed: int) -> None:
    Course(seed).run()
