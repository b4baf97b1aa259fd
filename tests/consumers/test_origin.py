from typing import Any

import pytest
from pytest_django import Settings

from consumers.origin import OriginGate, is_own_origin

HOST = "trading.example.com"


@pytest.fixture(autouse=True)
def site(settings: Settings) -> Settings:
    settings.ALLOWED_HOSTS = [HOST, "[::1]", "localhost"]
    settings.CSRF_TRUSTED_ORIGINS = []
    settings.DEBUG = False
    settings.SESSION_COOKIE_SECURE = False
    return settings


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://trading.example.com", HOST),
        ("https://Trading.Example.com", "trading.example.COM"),
        ("http://localhost:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_the_site_itself_may_connect(origin: str, host: str) -> None:
    assert is_own_origin(origin, host)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://evil.trading.example.com",
        "https://trading.example.com.evil.example",
        "https://trading.example.com:8443",
        "https://trading.example.com@evil.example",
        "https://user@trading.example.com",
        "file://trading.example.com",
        "chrome-extension://trading.example.com",
        "trading.example.com",
        "//trading.example.com",
        "null",
        "",
        " ",
        "https://",
        "https://[::1",
        "https://a[b]c",
        "https://\xff\x00",
        "https://trading.example.com, https://evil.example",
    ],
)
def test_anybody_else_may_not(origin: str) -> None:
    assert not is_own_origin(origin, HOST)


@pytest.mark.parametrize("host", ["", "evil.example", "[::1", "*", "trading.example.com:99999999"])
def test_a_host_that_is_not_ours_makes_no_origin_ours(host: str) -> None:
    assert not is_own_origin(f"https://{host}", host) or host.startswith(HOST)


def test_a_page_without_tls_is_foreign_where_the_session_cookie_needs_tls(site: Settings) -> None:
    site.SESSION_COOKIE_SECURE = True
    assert not is_own_origin(f"http://{HOST}", HOST)
    assert is_own_origin(f"https://{HOST}", HOST)


def test_trusted_origins_may_connect(site: Settings) -> None:
    site.CSRF_TRUSTED_ORIGINS = ["https://app.example.org", "https://*.example.net"]
    assert is_own_origin("https://app.example.org", HOST)
    assert is_own_origin("https://a.b.example.net", HOST)
    for foreign in (
        "http://app.example.org",
        "https://app.example.org:8443",
        "http://a.example.net",
        "https://evilexample.net",
        "https://a.example.net.evil.example",
    ):
        assert not is_own_origin(foreign, HOST)


async def ask_gate(headers: list[tuple[bytes, bytes]]) -> tuple[list[tuple[bytes, bytes]] | None, list[Any]]:
    """Return the headers with which the application behind the gate was called, and what the gate sent."""
    seen: list[Any] = []
    sent: list[Any] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(scope["headers"])

    events = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006}])

    async def receive() -> dict[str, Any]:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message)

    await OriginGate(application)({"type": "websocket", "path": "/ws/", "headers": headers}, receive, send)
    return (seen[0] if seen else None), sent


async def test_without_an_origin_the_cookies_are_taken_away() -> None:
    token = (b"authorization", b"Token t")
    headers, _ = await ask_gate([(b"cookie", b"sessionid=1"), token, (b"cookie", b"more=2")])
    assert headers == [token]


async def test_our_own_origin_keeps_its_cookies() -> None:
    given = [(b"host", HOST.encode()), (b"origin", b"https://trading.example.com"), (b"cookie", b"sessionid=1")]
    headers, _ = await ask_gate(given)
    assert headers == given


@pytest.mark.parametrize("origin", [b"https://evil.example", b"null", b"", b"\xff\xfe"])
async def test_a_foreign_origin_is_refused_before_the_handshake(origin: bytes) -> None:
    headers, sent = await ask_gate([(b"host", HOST.encode()), (b"origin", origin), (b"cookie", b"sessionid=1")])
    assert headers is None
    assert sent == [{"type": "websocket.close"}]


async def test_of_two_origins_a_foreign_one_is_enough_to_refuse() -> None:
    own, foreign = (b"origin", b"https://trading.example.com"), (b"origin", b"https://evil.example")
    for pair in ([own, foreign], [foreign, own]):
        headers, _ = await ask_gate([(b"host", HOST.encode()), *pair])
        assert headers is None
