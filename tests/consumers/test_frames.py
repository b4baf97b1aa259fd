import json

import pytest

from consumers import frames
from pushers.stream import Position


def code_of(text: str) -> str:
    with pytest.raises(frames.FrameError) as caught:
        frames.decode(text)
    return caught.value.code


def test_each_type_becomes_its_struct() -> None:
    assert frames.decode('{"type":"auth","token":"t"}') == frames.Auth(token="t")
    assert frames.decode('{"type":"ping","id":"a"}') == frames.Ping(id="a")
    assert frames.decode('{"type":"snapshot","feeds":["a"],"id":3}') == frames.SnapshotRequest(feeds=["a"], id=3)
    assert frames.decode('{"type":"unsubscribe","symbols":["AAPL"]}') == frames.Unsubscribe(symbols=["AAPL"])


def test_have_becomes_a_position() -> None:
    frame = frames.decode('{"type":"subscribe","feeds":["a","b"],"have":{"a":{"epoch":7,"seq":3}}}')
    assert isinstance(frame, frames.Subscribe)
    assert frame.position("a") == Position(7, 3)
    assert frame.position("b") is None


def test_unknown_types_and_keys_are_ignored() -> None:
    assert frames.decode('{"type":"news","feeds":7}') is None
    assert frames.decode('{"type":"ping","later":[1,{}]}') == frames.Ping()


@pytest.mark.parametrize("text", ["", " ", "{", "nonsense", '{"type":"ping"', '{"type":"ping"}}', "\x00", '"\\ud800"'])
def test_what_is_no_json_is_refused(text: str) -> None:
    assert code_of(text) in ("bad_json", "bad_frame")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "7",
        "null",
        '"ping"',
        "{}",
        '{"type":7}',
        '{"type":"ping","id":{}}',
        '{"type":"ping","id":1.5}',
        '{"type":"ping","id":true}',
        '{"type":"auth"}',
        '{"type":"auth","token":null}',
        '{"type":"snapshot"}',
        '{"type":"subscribe","feeds":"balance"}',
        '{"type":"subscribe","feeds":[7]}',
        '{"type":"subscribe","feeds":[null]}',
        '{"type":"subscribe","feeds":{"balance":1}}',
        '{"type":"subscribe","symbols":"AAPL"}',
        '{"type":"subscribe","have":[]}',
        '{"type":"subscribe","have":{"a":null}}',
        '{"type":"subscribe","have":{"a":{"epoch":1}}}',
        '{"type":"subscribe","have":{"a":{"epoch":"1","seq":1}}}',
        '{"type":"subscribe","have":{"a":{"epoch":1.5,"seq":1}}}',
    ],
)
def test_wrong_types_are_refused(text: str) -> None:
    assert code_of(text) == "bad_frame"


@pytest.mark.parametrize("number", ["-1", str(2**53), str(2**64), "9" * 400, "1e300", "1" * 5000])
def test_a_position_that_no_pusher_can_have_given_is_refused(number: str) -> None:
    for have in (f'{{"epoch":{number},"seq":1}}', f'{{"epoch":1,"seq":{number}}}'):
        assert code_of(f'{{"type":"subscribe","feeds":["a"],"have":{{"a":{have}}}}}') == "bad_frame"


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting_is_refused(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    text = f'{{"type":"ping","x":{opening * 10_000}1{closing * 10_000}}}'
    assert code_of(text) == "bad_json"


def test_an_error_names_the_frame_it_answers() -> None:
    with pytest.raises(frames.FrameError) as caught:
        frames.decode('{"type":"subscribe","id":17,"feeds":"balance"}')
    assert caught.value.frame_id == 17
    assert "feeds" in caught.value.message


def test_server_frames_leave_out_what_is_absent() -> None:
    assert frames.server_frame("pong", id=None, ts=5) == '{"type":"pong","ts":5}'


def test_pushes_and_tickers_are_joined_from_encoded_parts() -> None:
    push = frames.push_frame(5, {"a": '{"epoch":1,"seq":2}', "b": '{"epoch":1,"seq":3,"snapshot":{}}'})
    assert json.loads(push)["feeds"]["b"] == {"epoch": 1, "seq": 3, "snapshot": {}}
    ticker = frames.ticker_frame(5, {'A"}': '{"last":"1"}'})
    assert json.loads(ticker)["tickers"] == {'A"}': {"last": "1"}}
