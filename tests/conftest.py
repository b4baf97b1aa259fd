"""Fixtures that every test may use."""

import os
from collections.abc import Iterator

import pytest
import redis

from tests.settings import chromium_path as find_chromium


def pytest_configure(config: pytest.Config) -> None:
    if not os.environ.get("REDIS_URL"):
        raise pytest.UsageError(
            "REDIS_URL is not set: the tests need a real Redis. Run `make test` or `python -m tests`."
        )


@pytest.fixture
def redis_url() -> str:
    """The URL of the Redis of this run."""
    return os.environ["REDIS_URL"]


@pytest.fixture
def clean_redis(redis_url: str) -> Iterator[redis.Redis]:
    """A client of an empty Redis, for tests that read or leave keys."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a Chromium; the test is skipped where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    return path
