"""Our Redis layer passes the tests that channels_redis has for its own Pub/Sub layer.

They come with the source of the release that is installed, from the package index, and are kept in `var/`; nothing of
them is in this tree. Our class takes the place of theirs, and the Redis of this run that of localhost.
"""

import os
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 300.0  # they take 5
SUBSTITUTES = {
    "from channels_redis.pubsub import RedisPubSubChannelLayer": (
        "from pushers.redis_layer import RedisLayer as RedisPubSubChannelLayer"
    ),
    # Theirs is a package for Pythons without asyncio.timeout; and a second may be short where other tests run beside.
    "import async_timeout": (
        "from types import SimpleNamespace; async_timeout = SimpleNamespace(timeout=lambda s: asyncio.timeout(5 * s))"
    ),
    "redis://localhost:6379": "{redis_url}",
}


def upstream_tests() -> str:
    """Return the text of their tests; skip where neither `var/` nor a package index has them."""
    kept = ROOT / "var" / f"channels_redis-{version('channels_redis')}.tar.gz"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        options = ["--quiet", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", "--dest", str(kept.parent)]
        wanted = f"channels_redis=={version('channels_redis')}"
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *options, wanted], capture_output=True, text=True, timeout=SECONDS
        )
        if done.returncode != 0:
            pytest.skip(f"no package index has the source of {wanted}: {done.stderr[-300:]}")
    with tarfile.open(kept) as archive:
        found = archive.extractfile(kept.name.removesuffix(".tar.gz") + "/tests/test_pubsub.py")
        assert found is not None
        return found.read().decode()


def test_our_layer_passes_the_tests_of_its_parent(tmp_path: Path, redis_url: str) -> None:
    text = upstream_tests()
    for theirs, ours in SUBSTITUTES.items():
        assert theirs in text
        text = text.replace(theirs, ours.format(redis_url=redis_url))
    (tmp_path / "test_pubsub.py").write_text(text)
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTEST_ADDOPTS", None)
    runs = []
    for _ in range(2):  # one of them sends a fixed second after a cut connection: that may be lost on a busy machine
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS)
        runs.append(done.stdout)
        if done.returncode == 0:
            break
    assert done.returncode == 0, "\n".join(runs)
    assert "passed" in runs[-1]
    assert "skipped" not in runs[-1]
