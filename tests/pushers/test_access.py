"""The word that access has changed: on commit, to all hubs, and only with a code that a socket can be closed with."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from django.db import transaction

from pushers import access_changed, courier, disconnect
from pushers.courier import Letter
from pushers.layer import HUBS_GROUP, Layer
from tests.pushers.fake_courier import FakeCourier

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> FakeCourier:
    posted = FakeCourier()
    monkeypatch.setattr(courier, "_courier", posted)
    return posted


def test_a_disconnect_is_sent_when_the_transaction_commits(posted: FakeCourier) -> None:
    with transaction.atomic():
        disconnect([7])
        assert posted.letters == []
    assert posted.letters == [(Letter(HUBS_GROUP, (("type", "disconnect"), ("code", 4403))), ["7"])]


def test_nothing_is_sent_when_the_transaction_rolls_back(posted: FakeCourier) -> None:
    with suppress(ZeroDivisionError), transaction.atomic():
        disconnect([7])
        access_changed([7])
        raise ZeroDivisionError
    assert posted.letters == []


@pytest.mark.parametrize("code", [1000, 1012, 3999, 5000, True, "4403", None, 4403.0])
def test_a_code_that_no_application_may_send_is_refused(posted: FakeCourier, code: Any) -> None:
    with pytest.raises(ValueError, match="from 4000 to 4999; found"):
        disconnect([7], code)
    assert posted.letters == []


def test_nobody_is_no_message(posted: FakeCourier) -> None:
    disconnect([])
    access_changed([])
    assert posted.letters == []


def test_none_stands_for_everybody(posted: FakeCourier) -> None:
    access_changed(None)
    fields = (("type", "access"), ("all", True), ("ended", ()))
    assert posted.letters == [(Letter(HUBS_GROUP, fields), [])]


async def test_it_arrives_over_a_real_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_courier", None)
    layer = Layer("hub")
    await layer.open()
    await layer.join(HUBS_GROUP)
    await asyncio.to_thread(access_changed, [7, 8], ended=["b", "a"])
    async with asyncio.timeout(10):
        message = await layer.receive()
    assert message.pop("ts") > 0
    assert message == {"type": "access", "all": False, "ended": ["a", "b"], "users": ["7", "8"]}
