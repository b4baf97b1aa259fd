"""PROTOCOL.md names every close code and every code of an error that the server sends."""

import re
from pathlib import Path

import pytest

import consumers
from consumers.close_codes import CloseCode

FOLDER = Path(consumers.__file__).parent
PAGE = (FOLDER / "PROTOCOL.md").read_text()


@pytest.mark.parametrize("code", list(CloseCode))
def test_every_close_code_is_in_the_table(code: CloseCode) -> None:
    assert re.search(rf"^\| {int(code)} \| .+ \| .+ \|$", PAGE, re.MULTILINE)


def test_every_error_is_explained() -> None:
    sources = "".join(path.read_text() for path in FOLDER.glob("*.py"))
    codes = set(re.findall(r'(?:FrameError|send_away)\(\s*"(\w+)"', sources))
    assert {"bad_json", "too_many_frames", "too_many_sockets"} <= codes
    assert not {code for code in codes if f"| `{code}` |" not in PAGE}
