"""A web server whose database is not there: one clear line, and every socket is asked to come back."""

from pathlib import Path

import pytest

from tests.site.web_process import foreign_site

pytestmark = pytest.mark.site


@pytest.mark.parametrize("server", ["runweb", "daphne"])
def test_sockets_are_closed_in_order_and_let_in_again_when_it_is_back(
    tmp_path: Path, redis_url: str, server: str
) -> None:
    database, elsewhere = tmp_path / "db.sqlite3", tmp_path / "elsewhere.sqlite3"
    with foreign_site(tmp_path, redis_url) as site:
        web = site.start_web(daphne=["-v", "0"] if server == "daphne" else None, ACCESS_SECONDS=0.2)
        session = site.sign_in("alice")
        before = site.client(session).subscribe("parcels")
        database.rename(elsewhere)  # SQLite makes an empty one in its place, without any table
        assert [site.client(session).until_closed() for _ in range(3)] == [4503] * 3
        elsewhere.replace(database)
        site.client(session).subscribe("parcels")
        before.send({"type": "ping", "id": 1})
        before.until("pong")
        said = web.log.read_text()
        assert "Traceback" not in said
        assert said.count("sockets are closed with 4503") == 1, said
