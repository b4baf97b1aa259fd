"""The push service in the admin: to whom it is shown, and what it says."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consumers.models import OpenSocket, WebProcess
from consumers.service_state import service_state
from pushers.clock import now_ms
from pushers.models import PushLease, PushProcess
from tests.trading.rows import make_user

PAGE, STATE = reverse("admin:pushers_pushprocess_changelist"), reverse("admin:pushers_pushprocess_state")

pytestmark = pytest.mark.django_db


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@pytest.fixture
def service():
    """Two push processes, of which one is gone, a web process, and three shards."""
    now = timezone.now()
    feed = {"interval": 5, "tickedAt": now_ms() - 2000, "seconds": 0.25, "late": 0.5, "watched": 3}
    status = {
        "users": 3,
        "pushes": 70,
        "commitToPush": [0.04, 0.2],
        "feeds": {"orders": feed, "pnl": {**feed, "error": "<b>no table", "errorAt": now_ms() - 9000}},
    }
    PushProcess.objects.create(owner="host:1", started_at=now, expires_at=now + seconds(60), status=status)
    PushProcess.objects.create(owner="host:2", started_at=now, expires_at=now - seconds(30))
    for shard, (owner, left) in enumerate([("host:1", 60), ("host:1", 60), ("host:2", -30)]):
        PushLease.objects.create(shard=shard, owner=owner, epoch=7000 + shard, expires_at=now + seconds(left))
    WebProcess.objects.create(
        name="host:3", started_at=now, seen_at=now, expires_at=now + seconds(60),
        status={"sockets": 4, "users": 2, "framesPerSecond": 1.5, "dataAge": 3.2, "stale": 1},
    )  # fmt: skip


@pytest.fixture
def support():
    user = make_user(username="support-1", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_pushprocess", "view_opensocket"]))
    browser = Client()
    browser.force_login(user)
    return browser


def test_it_says_who_pushes_what_and_since_when(service):
    state = service_state()
    alive, gone = sorted(state.pushers, key=lambda pusher: pusher.owner)
    assert (alive.shards, alive.silent, gone.shards) == (2, None, 0)
    assert gone.silent >= 29
    assert [(feed.name, feed.watched, feed.error) for feed in alive.feeds] == [
        ("orders", 3, ""),
        ("pnl", 3, "<b>no table"),
    ]
    assert [feed.is_overdue for feed in alive.feeds] == [False, False]
    assert [(shard.epoch, shard.free) for shard in state.shards] == [(7000, False), (7001, False), (7002, True)]
    totals = state.totals
    assert (totals["sockets"], totals["pushes"], totals["free_shards"], totals["stale"]) == (4, 70, 1, 1)
    assert (totals["commit_to_push"], totals["commit_to_push_most"], totals["data_age"]) == (0.04, 0.2, 3.2)


def test_it_is_read_by_three_queries(service, django_assert_num_queries):
    with django_assert_num_queries(3):
        service_state()


def test_a_feed_that_was_not_read_for_two_intervals_is_overdue(service):
    PushProcess.objects.filter(owner="host:1").update(status={"feeds": {"orders": {"interval": 1, "tickedAt": 5}}})
    [feed] = next(pusher for pusher in service_state().pushers if pusher.feeds).feeds
    assert feed.is_overdue


def test_both_the_page_and_its_changing_part_show_it_escaped(service, support):
    for address in (PAGE, STATE):
        text = support.get(address).text
        assert all(word in text for word in ("host:1", "host:3", "7001", "&lt;b&gt;no table"))
        assert "<b>no table" not in text
        assert "<script>" not in text
        assert " style=" not in text


def test_the_rows_of_dead_push_processes_hide_their_lack_from_nobody(service, support):
    warning = "No push process is running"
    assert warning not in support.get(PAGE).text
    PushProcess.objects.update(expires_at=timezone.now() - seconds(60))
    assert warning in support.get(PAGE).text


def test_it_works_before_anything_has_run(support):
    assert "No push process is running" in support.get(PAGE).text


def test_it_is_shown_to_who_may_see_it_only(client, service):
    for address in (PAGE, STATE):
        assert client.get(address).status_code == 302
    client.force_login(make_user(username="clerk", is_staff=True))
    for address in (PAGE, STATE):
        assert client.get(address).status_code == 403
    client.force_login(make_user(username="trader"))
    for address in (PAGE, STATE):
        assert client.get(address).status_code == 302


def test_open_sockets_are_listed_and_changed_by_nobody(service, support):
    user = make_user(username="alice")
    socket = OpenSocket.objects.create(
        process_id="host:3", number=1, user=user, since=timezone.now(), address="192.0.2.7", agent="Test agent"
    )
    page = support.get(reverse("admin:consumers_opensocket_changelist"))
    assert "192.0.2.7" in page.text
    address = reverse("admin:consumers_opensocket_change", args=[socket.pk])
    assert support.post(address, {"address": "x"}).status_code == 403


def test_the_users_page_and_list_show_who_is_online(service, admin_client):
    user = make_user(username="alice")
    OpenSocket.objects.create(
        process_id="host:3", number=1, user=user, since=timezone.now(), address="192.0.2.7", agent="Test agent"
    )
    page = admin_client.get(reverse("admin:trading_user_change", args=[user.pk])).text
    assert "192.0.2.7" in page
    users = reverse("admin:trading_user_changelist")
    online = admin_client.get(users, {"online": "yes"}).context["cl"].result_list
    assert [(found.username, found.sockets) for found in online] == [("alice", 1)]
    WebProcess.objects.update(expires_at=timezone.now() - seconds(1))
    assert not admin_client.get(users, {"online": "yes"}).context["cl"].result_list
