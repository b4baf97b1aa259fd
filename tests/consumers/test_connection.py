import asyncio
import time

import pytest

from consumers.connection import Connection


class Socket:
    """A client that can stop reading."""

    def __init__(self, limit: int = 100) -> None:
        self.received: list[str] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.overflows = 0
        self.resync = "snapshot"
        self.connection = Connection("1", self.send, self.close, queue_bytes=limit)
        self.connection.on_overflow = self.overflowed

    async def send(self, text: str) -> None:
        await self.reading.wait()
        self.received.append(text)

    def write_now(self, text: str) -> bool:
        if self.reading.is_set():
            self.received.append(text)
        return self.reading.is_set()

    async def close(self, code: int) -> None:
        raise AssertionError(f"closed with {code}")

    def overflowed(self, connection: Connection) -> None:
        self.overflows += 1
        assert self.overflows < 10, "the resync overflows for ever"
        connection.write(self.resync)


async def test_frames_leave_in_the_order_in_which_they_were_written() -> None:
    socket = Socket(limit=10_000)
    written = [str(number) for number in range(500)]
    for text in written:
        socket.connection.write(text)
    await socket.connection.flush(5)
    assert socket.received == written


async def test_a_stalled_reader_loses_the_queue_and_gets_the_newest_state() -> None:
    socket = Socket()
    socket.connection.write("first")
    await asyncio.sleep(0)
    socket.reading.clear()
    for number in range(1000):
        socket.connection.write(f"frame {number:04}")
    socket.reading.set()
    await socket.connection.flush(5)
    assert socket.overflows == 1
    assert "snapshot" in socket.received
    assert sum(map(len, socket.received[1:])) < 200
    assert "frame 0999" not in socket.received


async def test_the_queue_of_a_stalled_reader_never_holds_more_than_the_limit() -> None:
    socket = Socket(limit=100)
    socket.reading.clear()
    for _ in range(50):
        socket.connection.write("x" * 30)
        assert sum(map(len, socket.connection._queue)) <= 100
    socket.connection.abandon()


async def test_a_frame_larger_than_the_limit_still_arrives() -> None:
    socket = Socket(limit=100)
    socket.reading.clear()
    socket.connection.write("first")
    await asyncio.sleep(0)
    socket.connection.write("x" * 500)
    socket.reading.set()
    await socket.connection.flush(5)
    assert socket.received == ["first", "x" * 500]


async def test_a_resync_larger_than_the_limit_ends() -> None:
    socket = Socket(limit=100)
    socket.resync = "snapshot" * 100
    socket.reading.clear()
    for _ in range(10):
        socket.connection.write("x" * 60)
        await asyncio.sleep(0)
    socket.reading.set()
    await socket.connection.flush(5)
    assert socket.received[-1] == socket.resync
    assert socket.overflows == 1


async def test_a_stalled_socket_does_not_delay_another() -> None:
    stalled, other = Socket(), Socket()
    stalled.reading.clear()
    for socket in (stalled, other):
        socket.connection.write("frame")
    await other.connection.flush(5)
    assert (stalled.received, other.received) == ([], ["frame"])
    stalled.connection.abandon()


async def test_it_says_how_long_a_frame_has_not_been_taken() -> None:
    socket = Socket()
    assert socket.connection.stalled(time.monotonic() + 50) == 0
    socket.reading.clear()
    socket.connection.write("frame")
    await asyncio.sleep(0)
    assert 49 < socket.connection.stalled(time.monotonic() + 50) < 51
    socket.reading.set()
    await socket.connection.flush(5)
    assert socket.connection.stalled(time.monotonic() + 50) == 0


async def test_a_broken_socket_breaks_nothing() -> None:
    async def send(text: str) -> None:
        raise OSError("gone")

    async def close(code: int) -> None: ...

    connection = Connection("1", send, close, queue_bytes=100)
    connection.write("frame")
    await connection.flush(5)
    connection.write("another")
    await connection.flush(5)
    connection.abandon()


@pytest.mark.parametrize("started", [False, True])
async def test_an_abandoned_socket_is_written_to_no_more(started: bool) -> None:
    socket = Socket()
    socket.reading.clear()
    socket.connection.write("frame")
    if started:
        await asyncio.sleep(0)
    socket.connection.abandon()
    socket.connection.write("late")
    socket.reading.set()
    await socket.connection.flush(5)
    assert socket.received == []


async def test_a_newest_state_larger_than_the_queue_is_sent_whole_and_once() -> None:
    socket = Socket(limit=100)
    parts = [f"part {number} " + "x" * 90 for number in range(5)]

    def overflowed(connection: Connection) -> None:
        socket.overflows += 1
        assert socket.overflows < 10, "the resync overflows for ever"
        for part in parts:
            connection.write(part)

    socket.connection.on_overflow = overflowed
    socket.connection.write("first")
    await asyncio.sleep(0)
    socket.reading.clear()
    for number in range(20):
        socket.connection.write(f"frame {number:04}")
    socket.reading.set()
    socket.connection.write("and more")  # what comes meanwhile does not start it all over again
    await socket.connection.flush(5)
    assert (socket.received[-5:], socket.overflows) == (parts, 1)


async def test_an_answer_outlives_the_overflow_that_comes_behind_it() -> None:
    socket = Socket(limit=100)
    socket.connection.write("subscribed", keep=True)
    socket.connection.write("x" * 200)
    await socket.connection.flush(5)
    assert socket.received == ["subscribed", "snapshot"]


async def test_who_asks_on_and_on_without_reading_is_too_slow_at_once() -> None:
    socket = Socket(limit=100)
    socket.reading.clear()
    for _ in range(60):
        socket.connection.write("subscribed", keep=True)
    assert socket.connection.stalled(time.monotonic()) > 1e9
    assert socket.connection._queued <= 400
    socket.reading.set()
    await socket.connection.flush(5)


async def test_a_frame_is_written_at_once_where_that_can_be() -> None:
    socket = Socket()
    socket.connection = Connection("1", socket.send, socket.close, queue_bytes=100, write_now=socket.write_now)
    socket.connection.write("first")
    assert socket.received == ["first"]


async def test_what_is_written_behind_a_frame_that_waits_waits_too() -> None:
    socket = Socket()
    socket.connection = Connection("1", socket.send, socket.close, queue_bytes=100, write_now=socket.write_now)
    socket.reading.clear()
    socket.connection.write("1")
    socket.reading.set()  # and yet the next one has its place behind the first
    socket.connection.write("2")
    assert socket.received == []
    await socket.connection.flush(30)
    socket.connection.write("3")
    assert socket.received == ["1", "2", "3"]


async def test_a_reader_who_stalls_between_frames_gets_the_newest_state() -> None:
    socket = Socket()
    socket.connection = Connection("1", socket.send, socket.close, queue_bytes=100, write_now=socket.write_now)
    socket.connection.on_overflow = socket.overflowed
    socket.connection.write("first")
    socket.reading.clear()
    for number in range(1000):
        socket.connection.write(f"frame {number:04}")
    await asyncio.sleep(0)
    assert socket.connection.stalled(time.monotonic() + 60) > 50
    socket.reading.set()
    await socket.connection.flush(30)
    assert socket.overflows == 1
    assert socket.received[0] == "first"
    assert socket.received[-1] == "snapshot"


async def test_who_was_too_slow_stays_among_those_to_be_closed() -> None:
    socket = Socket(limit=100)
    socket.reading.clear()
    for _ in range(60):
        socket.connection.write("subscribed", keep=True)
    socket.reading.set()  # the frames that were dropped were the answers to something
    await socket.connection.flush(5)
    assert socket.connection in socket.connection.writing
    socket.connection.abandon()
    assert socket.connection not in socket.connection.writing


async def test_a_kept_frame_that_has_no_place_at_all_closes_its_socket() -> None:
    socket = Socket(limit=100)
    socket.connection.write("x" * 1_000, keep=True)
    assert socket.connection in socket.connection.writing
    assert socket.connection.stalled(time.monotonic()) > 1e9
