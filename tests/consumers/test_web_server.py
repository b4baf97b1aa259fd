"""What the production server listens at, and when its sockets come back."""

import pytest
from pytest_django import Settings

from consumers.farewell import reconnect_range
from consumers.web_server import listening_socket


def test_processes_share_a_port_where_all_are_told_to() -> None:
    with listening_socket("127.0.0.1", 0, shared=True) as first:
        port = first.getsockname()[1]
        with listening_socket("127.0.0.1", port, shared=True) as second:
            assert second.getsockname() == first.getsockname()
        first.listen()
        with pytest.raises(OSError, match="in use"):
            listening_socket("127.0.0.1", port, shared=False)


def test_the_more_sockets_the_longer_their_return_is_spread(settings: Settings) -> None:
    settings.CONSUMERS = {"RECONNECTS_PER_SECOND": 100}
    assert [reconnect_range(sockets) for sockets in (0, 100, 2000)] == [(500, 1500), (500, 1500), (500, 20_500)]
