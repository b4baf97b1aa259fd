"""A web server whose Redis is not there: one clear line, sockets that say that they know nothing, and a recovery."""

from pathlib import Path

import pytest

from tests.site.web_process import foreign_site, until
from tradingsite.embedded_redis import embedded_redis, free_port, wait_for_redis

pytestmark = pytest.mark.site


@pytest.mark.parametrize("server", ["runweb", "daphne"])
def test_an_outage_is_one_line_and_ends_by_itself(tmp_path: Path, server: str) -> None:
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with foreign_site(tmp_path, url) as site:
        web = site.start_web(daphne=["-v", "0"] if server == "daphne" else None, HEARTBEAT_SECONDS=0.5)
        client = site.client(site.sign_in("alice")).subscribe("parcels")
        until(lambda: _stale(client.of("heartbeat")) == "pusher_down", "stale")
        with embedded_redis(port=port, log=tmp_path / "redis.log"):
            wait_for_redis(url)
            site.start_pushers(0.2)
            client.until("push")
            until(lambda: _stale(client.of("heartbeat")) is None, "live")
        # And gone again, under a hub that had it.
        until(lambda: _stale(client.of("heartbeat")) == "pusher_down", "stale again")
        assert client.closed is None
        said = web.log.read_text()
        assert "Traceback" not in said
        outages = [line for line in said.splitlines() if "Connect call failed" in line or "refused" in line]
        assert 1 <= len(outages) <= 5, said  # starting, receiving, sending; daphne says its own twice


def _stale(heartbeats: list[dict]) -> str | None:
    entry = heartbeats[-1]["feeds"].get("parcels", {}) if heartbeats else {}
    return entry.get("stale", {}).get("reason")
