"""The vendored files are the published ones."""

import hashlib
import re
from pathlib import Path

import pytest

import trading

VENDOR = (
    Path(trading.__file__).parent / "static/trading/vendor",
    Path(__file__).parents[2] / "browser/vendor",
)
SUM = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.MULTILINE)


@pytest.mark.parametrize(
    "folder", sorted(folder for place in VENDOR for folder in place.iterdir()), ids=lambda folder: folder.name
)
def test_every_file_has_its_published_sha256(folder: Path) -> None:
    listed = {name: digest for digest, name in SUM.findall((folder / "VENDOR.md").read_text())}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    found.pop("VENDOR.md")
    assert found == listed
    assert "LICENSE" in listed
