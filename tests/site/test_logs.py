"""What the logs of a running site say, at DEBUG: enough to follow a change, and nothing that is secret."""

import asyncio
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.protocol_client import connected
from tests.site.running_site import FEEDS, RunningSite, running_site
from tests.site.web_process import until

pytestmark = pytest.mark.site

PASSWORD = "paper-trading"
TRACE = "followed-request-1"
CAUSED = f"caused by {TRACE}"


@pytest.fixture
def talkative_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningSite]:
    """A site whose processes log everything, as JSON."""
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("LOG_FORMAT", "json")
    with running_site(tmp_path) as site:
        yield site


class Browser:
    """Signs in and sends forms as a browser does."""

    def __init__(self, site: RunningSite) -> None:
        self.site, self.cookies = site, CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies)).open

    def cookie(self, name: str) -> str:
        return next(cookie.value or "" for cookie in self.cookies if cookie.name == name)

    def get(self, path: str) -> str:
        return self._open(self.site.url + path, timeout=30).read().decode()

    def post(self, path: str, **fields: str) -> None:
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": self.cookie("csrftoken")}).encode()
        headers = {"X-Request-ID": TRACE, "Accept": "application/json"} if path != "/login/" else {}
        self._open(urllib.request.Request(self.site.url + path, data, headers), timeout=30).close()


def trade(site: RunningSite) -> dict[str, str]:
    """Sign in, use a token and place an order; return what must not be in any log."""
    browser = Browser(site)
    browser.get("/login/")
    browser.post("/login/", username="alice", password=PASSWORD)
    token = site.command("apitoken", "alice")
    headers = {"Authorization": f"Token {token}"}
    urllib.request.urlopen(urllib.request.Request(f"{site.url}/api/v1/user", headers=headers), timeout=30).close()
    browser.get("/?token=" + token)
    order = {"account": "paper", "symbol": "AAPL", "side": "buy", "type": "market", "amount": "3"}
    browser.post("/orders/", **order)
    equities = {text for document in (site.read("alice")["balance"],) for text in _amounts(document)}
    names = ("sessionid", "csrftoken")
    secrets = {"password": PASSWORD, "token": token, **{name: browser.cookie(name) for name in names}}
    return secrets | {f"balance {text}": text for text in equities}


def _amounts(value: object) -> Iterator[str]:
    """Yield the amounts of money in a document that are long enough not to be found by chance."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _amounts(inner)
    elif isinstance(value, str) and re.fullmatch(r"-?\d+\.\d+|\d{6,}", value) and len(value) > 5:
        yield value


async def test_one_change_can_be_followed_and_nothing_secret_is_said(talkative_site: RunningSite) -> None:
    site = talkative_site
    site.start_pushers(1.0)
    site.start_market("--no-robots", "--interval", "0.5")
    token = site.command("apitoken", "alice")
    async with connected(site.socket_url, token, FEEDS) as client:
        await client.until(client.is_live, "all live")
        secrets = await asyncio.to_thread(trade, site)

        def said(name: str, word: str) -> bool:
            return word in (site.folder / f"{name}.log").read_text()

        for name in ("pushers", "web"):  # the market has its own words: a fill of its own has no request
            await asyncio.to_thread(until, lambda name=name: said(name, CAUSED), f"{name} names the request")
    site.stop_all()
    logs = {name: (site.folder / f"{name}.log").read_text() for name in ("web", "pushers", "market")}
    assert re.search(rf"fills of user \d+: \d+ of epoch \d+ passed on, {CAUSED}", logs["web"])
    assert re.search(rf"fills -> user \d+: \w+ \d+ of epoch \d+, \d+ bytes, {CAUSED}", logs["pushers"])
    for name, text in logs.items():
        ours = [line for line in text.splitlines() if line.startswith("{")]  # daphne, of development, says URLs whole
        for what, secret in {**secrets, "socket token": token}.items():
            assert secret not in "\n".join(ours), f"{what} is in the log of {name}"
        assert ours
        assert all(json.loads(line)["message"] for line in ours), name
