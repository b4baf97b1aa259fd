"""Alive, ready and measured: what a web process says of itself to machines."""

import threading
import time
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError
from django.http import Http404
from django.test import AsyncClient, AsyncRequestFactory
from pytest_django import Settings

from consumers import readiness
from consumers.health_pages import metrics
from consumers.readiness import DatabaseChecks, LayerCheck, Readiness
from pushers import registry
from pushers.clock import now_ms
from pushers.lease import LONG_AGO, Leases
from pushers.models import PushLease

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner() -> Leases:
    """A push process that owns every shard and has just read every feed."""
    leases = Leases(64, 60.0, owner="it")
    feeds = {name: {"interval": 5.0, "tickedAt": now_ms()} for name in registry.intervals()}
    leases.status = lambda: {"feeds": feeds}
    leases.step()
    return leases


async def checks(client: AsyncClient, status: int) -> dict[str, Any]:
    response = await client.get("/readyz")
    answer = response.json()
    assert (response.status_code, answer["ready"]) == (status, status == 200), answer
    return answer["checks"]


async def test_alive_asks_nobody(async_client: AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readiness, "check", None)
    response = await async_client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"alive": True})


async def test_ready_with_everything_there(async_client: AsyncClient, owner: Leases) -> None:
    found = await checks(async_client, 200)
    assert found == {name: {"ok": True} for name in ("database", "migrations", "shards", "feeds", "layer")}


async def test_a_shard_without_an_owner_is_named(async_client: AsyncClient, owner: Leases) -> None:
    await database_sync_to_async(PushLease.objects.filter(shard=5).update)(expires_at=LONG_AGO)
    found = await checks(async_client, 503)
    assert not found["shards"]["ok"]
    assert "1 of 64 shards have no owner (5)" in found["shards"]["why"]
    assert found["feeds"]["ok"]


async def test_a_feed_that_nobody_reads_is_named(async_client: AsyncClient, owner: Leases) -> None:
    feeds = owner.status()["feeds"]
    feeds["pnl"]["tickedAt"] -= 60_000
    del feeds["orders"]
    await database_sync_to_async(owner.step)()
    found = await checks(async_client, 503)
    assert "pnl: last read 6" in found["feeds"]["why"]
    assert "expected within 15 s" in found["feeds"]["why"]
    assert "orders: no push process runs it" in found["feeds"]["why"]


async def test_a_missing_migration_is_named(
    async_client: AsyncClient, owner: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Executor:
        def __init__(self, connection: Any) -> None:
            self.loader = self.graph = self

        def leaf_nodes(self) -> list[Any]:
            return []

        def migration_plan(self, targets: list[Any]) -> list[tuple[str, bool]]:
            return [("pushers.0009_next", False)]

    monkeypatch.setattr(readiness, "MigrationExecutor", Executor)
    found = await checks(async_client, 503)
    assert "1 migrations are not applied, first pushers.0009_next" in found["migrations"]["why"]
    assert not found["shards"]["ok"]


async def test_a_database_that_hangs_is_waited_for_only_so_long_and_asked_once(
    async_client: AsyncClient, owner: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, asked = threading.Event(), []

    def hang(self: DatabaseChecks) -> dict[str, str]:
        asked.append(1)
        released.wait(30)
        return {}

    monkeypatch.setattr(DatabaseChecks, "run", hang)
    monkeypatch.setattr(readiness, "DATABASE_SECONDS", 0.05)
    monkeypatch.setattr(readiness, "CACHED", 0.0)
    try:
        found = await checks(async_client, 503)
        assert "did not answer within 0.05 s" in found["database"]["why"]
        assert found["layer"] == {"ok": True}
        found = await checks(async_client, 503)
        assert "has not answered an earlier check" in found["shards"]["why"]
        assert len(asked) == 1
    finally:
        released.set()


async def test_an_error_is_told_without_its_text(
    async_client: AsyncClient, owner: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: DatabaseChecks) -> dict[str, str]:
        raise OperationalError("connection to 10.1.2.3 as user trader failed")

    monkeypatch.setattr(DatabaseChecks, "run", fail)
    found = await checks(async_client, 503)
    assert found["database"]["why"] == "the database failed: OperationalError"


async def test_a_layer_that_does_not_answer_is_named_and_tried_anew(
    async_client: AsyncClient, owner: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "CACHED", 0.0)
    with monkeypatch.context() as patch:

        async def lose(self: Any, channel: str, message: Any) -> bool:
            return False

        patch.setattr(readiness.Layer, "send_channel", lose)
        assert (await checks(async_client, 503))["layer"]["why"] == "a message could not be sent"
    assert (await checks(async_client, 200))["layer"] == {"ok": True}


async def test_polling_costs_one_check_a_second(
    async_client: AsyncClient, owner: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def count(self: LayerCheck) -> str:
        asked.append(1)
        return ""

    monkeypatch.setattr(LayerCheck, "run", count)
    monkeypatch.setattr(readiness, "CACHED", 1000.0)
    for _ in range(5):
        await checks(async_client, 200)
    assert len(asked) == 1
    Readiness.current()._until = time.monotonic()
    await checks(async_client, 200)
    assert len(asked) == 2


class TestMetrics:
    """Who may read the metrics of a web process."""

    async def get(self, client: AsyncClient, **headers: str) -> int:
        response = await client.get("/metrics", headers=headers)
        if response.status_code == 200:
            assert b"consumers_sockets" in response.content
        return response.status_code

    async def test_this_machine_may(self, async_client: AsyncClient) -> None:
        assert await self.get(async_client) == 200

    @pytest.mark.parametrize("address", ["10.1.2.3", "", "::ffff:10.1.2.3"])
    async def test_another_machine_may_not(self, address: str) -> None:
        request = AsyncRequestFactory().get("/metrics")
        request.META["REMOTE_ADDR"] = address
        with pytest.raises(Http404):
            await metrics(request)

    @pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
    async def test_what_a_proxy_passes_on_may_not(self, async_client: AsyncClient, name: str) -> None:
        assert await self.get(async_client, **{name: "127.0.0.1"}) == 404

    async def test_a_token_opens_it_and_a_wrong_one_does_not(
        self, async_client: AsyncClient, settings: Settings
    ) -> None:
        settings.METRICS = {"TOKEN": "secret-of-prometheus"}
        forwarded = {"X-Forwarded-For": "10.0.0.1"}
        assert await self.get(async_client, Authorization="Bearer secret-of-prometheus", **forwarded) == 200
        assert await self.get(async_client, Authorization="Bearer secret") == 404
        assert await self.get(async_client, Authorization="secret-of-prometheus") == 404

    async def test_without_a_token_in_the_settings_none_opens_it(self, async_client: AsyncClient) -> None:
        assert await self.get(async_client, Authorization="Bearer ") == 404
