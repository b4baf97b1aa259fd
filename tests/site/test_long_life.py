"""A socket older than a day lives on, and ends with its session alone: a day's limits, shortened to seconds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site.web_process import ForeignSite, foreign_site, until

pytestmark = pytest.mark.site

PARCEL = """
from django.contrib.auth import get_user_model
from tests.foreign.parcels.models import Parcel
Parcel.objects.update_or_create(owner=get_user_model().objects.get(), defaults={{"destination": {place!r}}})
"""


@pytest.fixture
def foreign(tmp_path: Path, redis_url: str) -> Iterator[ForeignSite]:
    with foreign_site(tmp_path, redis_url) as site:
        yield site


@pytest.mark.parametrize("server", ["runweb", "daphne"])
def test_a_socket_outlives_leases_checks_and_the_servers_own_limit(foreign: ForeignSite, server: str) -> None:
    """Its session lasts 8 s, in which the lease is renewed 60 times and the access is checked 40 times."""
    foreign.start_pushers(0.1, LEASE_SECONDS=0.5)
    daphne = ["--websocket_timeout", "-1"] if server == "daphne" else None
    foreign.start_web(daphne=daphne, ACCESS_SECONDS=0.2, HEARTBEAT_SECONDS=0.5)
    lasting, ending = foreign.sign_in("alice"), foreign.sign_in("alice", seconds=8)
    client, short = [foreign.client(session).subscribe("parcels") for session in (lasting, ending)]
    first = client.until("push")[0]["feeds"]["parcels"]
    assert short.until_closed() == 4401
    foreign.python(PARCEL.format(place="Bergen"))
    until(lambda: "Bergen" in str(client.of("push")[-1]), "what changed after that")
    last = client.of("push")[-1]["feeds"]["parcels"]
    assert (last["epoch"], last["seq"]) == (first["epoch"], first["seq"] + 1)
    assert client.closed is None
    assert not any(frame["feeds"].get("parcels", {}).get("stale") for frame in client.of("heartbeat"))


def test_daphnes_own_limit_is_what_the_demo_turns_off(foreign: ForeignSite) -> None:
    foreign.start_web(daphne=["--websocket_timeout", "1"])
    assert foreign.client(foreign.sign_in("alice")).until_closed() in (1000, 1006)
