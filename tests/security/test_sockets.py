"""Sockets that are made to hurt, on the production server. Slow readers: tests/site/test_runweb.py."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.site.web_process import ForeignSite, RawClient, foreign_site

pytestmark = pytest.mark.site

SECONDS = 30  # for whatever is waited for
DEPTH = 10_000


@pytest.fixture
def foreign(tmp_path: Path, redis_url: str) -> Iterator[ForeignSite]:
    with foreign_site(tmp_path, redis_url) as site:
        yield site


def connect(site: ForeignSite) -> socket.socket:
    return socket.create_connection(("127.0.0.1", site.port), SECONDS)


def read_answer(client: socket.socket) -> None:
    """Read one HTTP answer to its end, which is that of its last chunk."""
    answer = b""
    while not answer.endswith(b"0\r\n\r\n"):
        received = client.recv(65_536)
        assert received, answer
        answer += received


def handshake(site: ForeignSite, session: str, origin: str) -> bytes:
    """Ask for a socket as a browser on a page of `origin` does; return what the server answers first."""
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    lines = ["GET /ws/ HTTP/1.1", f"Host: 127.0.0.1:{site.port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", f"Origin: {origin}"]
    with closing(connect(site)) as client:
        client.sendall("\r\n".join([*lines, f"Cookie: sessionid={session}", "", ""]).encode())
        return client.recv(1024)


def test_a_page_of_another_site_gets_no_socket_with_our_cookie(foreign: ForeignSite) -> None:
    foreign.start_web()
    session = foreign.sign_in("alice")
    own = f"http://127.0.0.1:{foreign.port}"
    assert b" 101 " in handshake(foreign, session, own)
    for origin in ("https://evil.example", f"{own}.evil.example", "null", "http://127.0.0.1:1"):
        assert b" 403 " in handshake(foreign, session, origin), origin


def test_a_thousand_sockets_of_one_user_are_twenty(foreign: ForeignSite) -> None:
    foreign.start_web()
    session = foreign.sign_in("alice")
    clients: list[RawClient] = []
    for _ in range(1000):
        client = RawClient(foreign.port, session)
        if len(clients) < 20:
            client.until("welcome")
            clients.append(client)
            continue
        assert client.until_closed() == 4429
        assert client.of("error")[0]["code"] == "too_many_sockets"
        client.leave()
    clients[0].send({"type": "ping", "id": 1})
    clients[0].until("pong")  # those that were there have lost nothing
    assert not [client for client in clients if client.closed]
    for client in clients:
        client.leave()


@pytest.mark.parametrize("text", ["[" * DEPTH, '{"a":' * DEPTH, '{"type":"subscribe","feeds":' + "[" * DEPTH])
def test_nested_frames_are_answered_and_cost_no_socket(foreign: ForeignSite, text: str) -> None:
    foreign.start_web()
    client = foreign.client(foreign.sign_in("alice"))
    client.send(text)
    client.until("error")
    client.send({"type": "ping", "id": 1})
    client.until("pong")


def test_an_oversized_frame_ends_its_socket_alone(foreign: ForeignSite) -> None:
    foreign.start_web(FRAME_BYTES=1000)
    session = foreign.sign_in("alice")
    guest, other = foreign.client(session), foreign.client(session)
    guest.send(json.dumps({"type": "ping", "id": "x" * 1500}))
    assert guest.until("error")[0]["code"] == "frame_too_large"
    with suppress(OSError):  # the server stops reading
        guest.send(json.dumps({"type": "ping", "id": "x" * 10_000_000}))
    assert guest.until_closed() in (1006, 1009)
    other.send({"type": "ping", "id": 1})
    other.until("pong")


@pytest.mark.parametrize("begun", [b"", b"GET /ws/ HT", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
def test_a_request_that_does_not_come_is_not_waited_for(foreign: ForeignSite, begun: bytes) -> None:
    foreign.start_web(REQUEST_SECONDS=0.3)
    with closing(connect(foreign)) as client:
        client.sendall(begun)
        assert client.recv(1024) == b""


def test_neither_is_a_second_one_while_a_pause_between_two_is_allowed(foreign: ForeignSite) -> None:
    foreign.start_web(REQUEST_SECONDS=0.3)
    request = f"GET /nothing HTTP/1.1\r\nHost: 127.0.0.1:{foreign.port}\r\n\r\n".encode()
    with closing(connect(foreign)) as client:
        client.sendall(request)
        read_answer(client)
        client.settimeout(1.0)
        with pytest.raises(TimeoutError):
            client.recv(1024)
        client.settimeout(SECONDS)
        client.sendall(request)
        read_answer(client)
        client.sendall(request[:20])
        assert client.recv(1024) == b""


def test_a_socket_outlives_the_time_for_its_request(foreign: ForeignSite) -> None:
    foreign.start_web(REQUEST_SECONDS=0.3, HEARTBEAT_SECONDS=0.5)
    client = foreign.client(foreign.sign_in("alice")).subscribe("parcels")
    client.until("heartbeat", 3)
    assert client.closed is None


def test_sockets_that_never_say_whose_they_are_fill_no_server(foreign: ForeignSite) -> None:
    foreign.start_web(WAITING_PER_ADDRESS=3, AUTH_SECONDS=60)
    session = foreign.sign_in("alice")
    lines = ["GET /ws/ HTTP/1.1", f"Host: 127.0.0.1:{foreign.port}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13", "", ""]
    request = "\r\n".join(lines).encode()
    waiting = [connect(foreign) for _ in range(5)]
    for client in waiting:
        client.sendall(request)
    refused = [client for client in waiting if _is_told(client, b"too_many_sockets")]
    assert len(refused) == 2
    foreign.client(session).until("welcome")
    for client in waiting:
        client.close()


def _is_told(client: socket.socket, word: bytes) -> bool:
    """Read until the server has said a word, or has been silent for a second."""
    client.settimeout(1.0)
    said = b""
    try:
        while word not in said:
            received = client.recv(4096)
            if not received:
                break
            said += received
    except TimeoutError:
        return False
    return word in said
