"""What operators do to users: by whom it may be done, what it does, and what the audit trail says of it."""

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from tests.trading.pages.conftest import said
from tests.trading.rows import make_user
from trading import groups, services
from trading.admin.user_actions import ACTIONS
from trading.models import AuditEntry, Order, TradingFreeze, User

USERS = reverse("admin:trading_user_changelist")


@pytest.fixture
def group_of(db):
    """Make a signed-in browser of a member of one of the groups."""
    from django.apps import apps

    groups.create(apps)

    def member(name: str) -> Client:
        user = make_user(username=f"{name}-1", is_staff=True)
        user.groups.add(Group.objects.get(name=name))
        browser = Client(HTTP_USER_AGENT="Test agent", REMOTE_ADDR="192.0.2.7")
        browser.force_login(user)
        return browser

    return member


def act(browser: Client, name: str, *users: User, **said_more: Any) -> Any:
    fields = {
        "action": name,
        "apply": "yes",
        "reason": "asked for it",
        ACTION_CHECKBOX_NAME: [user.pk for user in users],
    }
    return browser.post(USERS, {**fields, **said_more})


@pytest.fixture
def order(trader, instrument):
    account = trader.accounts.get()
    return services.order_place(
        account=account, symbol="AAPL", side="buy", type="limit", amount=Decimal(1), price=Decimal(50)
    )


def test_a_reason_is_asked_for_first(admin, trader):
    response = admin.post(USERS, {"action": "deactivate", ACTION_CHECKBOX_NAME: [trader.pk], "index": "0"})
    assert response.status_code == 200
    assert 'name="reason"' in response.text
    trader.refresh_from_db()
    assert trader.is_active


def test_without_a_reason_nothing_is_done(admin, trader):
    response = act(admin, "deactivate", trader, reason="  ")
    assert response.context["form"].errors["reason"]
    trader.refresh_from_db()
    assert trader.is_active
    assert not AuditEntry.objects.exists()


def submitted(page: Any, **said_more: Any) -> tuple[str, dict[str, Any]]:
    """Return where a browser would send the form of the reason, and what with it."""
    text = page.text[page.text.index('<div id="content-main">') :]
    fields: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text):
        fields.setdefault(name, []).append(value)
    address = re.search(r'<form method="post" action="([^"]*)"', text)
    return html.unescape(address[1]), {**fields, "reason": "asked for it", **said_more}


def test_all_that_a_search_has_found_are_not_all_users(admin, trader):
    make_user(username="carol")
    chosen = {"action": "sign_out", ACTION_CHECKBOX_NAME: [trader.pk], "select_across": "1", "index": "0"}
    asked = admin.post(f"{USERS}?q=alice", chosen)
    address, fields = submitted(asked)
    make_user(username="alice-2")  # she was not shown
    admin.post(address, fields)
    assert [entry.subject for entry in AuditEntry.objects.all()] == ["alice"]


def test_of_all_users_who_were_chosen_each_is_concerned(admin, trader):
    make_user(username="carol")
    chosen = {"action": "disconnect", ACTION_CHECKBOX_NAME: [trader.pk], "select_across": "1", "index": "0"}
    address, fields = submitted(admin.post(USERS, chosen))
    admin.post(address, fields)
    assert {entry.subject for entry in AuditEntry.objects.all()} == {"root", "alice", "carol"}


def test_more_users_than_one_form_can_carry_are_refused(admin, trader, monkeypatch):
    monkeypatch.setattr("trading.admin.user_actions.MOST", 1)
    chosen = {"action": "disconnect", ACTION_CHECKBOX_NAME: [trader.pk], "select_across": "1", "index": "0"}
    assert said(admin.post(USERS, chosen)) == [("error", "Choose at most 1 users at once; found 2.")]


def test_who_is_deactivated_has_nothing_open_any_more(admin, trader, order):
    token, _ = services.token_create(user=trader, name="robot")
    browser = Client()
    browser.force_login(trader)
    assert act(admin, "deactivate", trader).status_code == 302
    trader.refresh_from_db()
    token.refresh_from_db()
    order.refresh_from_db()
    assert (trader.is_active, token.revoked_at is None, order.status) == (False, False, "canceled")
    assert browser.get(reverse("dashboard")).status_code == 302
    act(admin, "activate", trader)
    trader.refresh_from_db()
    assert trader.is_active
    assert browser.get(reverse("dashboard")).status_code == 302, "an old session must not come back"


def test_a_forced_sign_out_ends_every_session_and_no_token(admin, trader):
    token, _ = services.token_create(user=trader, name="robot")
    browsers = [Client(), Client()]
    for browser in browsers:
        browser.force_login(trader)
        assert browser.get(reverse("dashboard")).status_code == 200
    act(admin, "sign_out", trader)
    assert [browser.get(reverse("dashboard")).status_code for browser in browsers] == [302, 302]
    token.refresh_from_db()
    assert token.revoked_at is None
    again = Client()
    again.force_login(User.objects.get(pk=trader.pk))
    assert again.get(reverse("dashboard")).status_code == 200


def test_a_balance_is_adjusted_by_a_ledger_entry(admin, trader):
    act(admin, "adjust", trader, account="paper", amount="-12.5")
    account = trader.accounts.get()
    entry = account.ledger.latest("id")
    assert (account.total, entry.kind, entry.note) == (Decimal("99987.5"), "adjustment", "asked for it")
    trail = AuditEntry.objects.get()
    assert (trail.before, trail.after) == ({"total": "100000"}, {"total": "99987.5", "amount": "-12.5"})


def test_a_form_that_is_sent_twice_adjusts_once(admin, trader):
    """As by a double click: the second request is under way before the first is answered."""
    asked = admin.post(USERS, {"action": "adjust", ACTION_CHECKBOX_NAME: [trader.pk], "index": "0"})
    address, fields = submitted(asked, account="paper", amount="5")
    for _ in range(2):
        admin.post(address, fields)
    assert trader.accounts.get().total == 100_005
    assert AuditEntry.objects.count() == 1
    address, fields = submitted(
        admin.post(USERS, {"action": "adjust", ACTION_CHECKBOX_NAME: [trader.pk], "index": "0"}),
        account="paper",
        amount="5",
    )
    admin.post(address, fields)
    assert trader.accounts.get().total == 100_010


def test_an_account_is_reset(admin, trader, order):
    act(admin, "reset", trader, account="paper", deposit="500")
    order.refresh_from_db()
    assert (trader.accounts.get().total, order.status) == (500, "canceled")


def test_tokens_are_revoked(admin, trader):
    token, _ = services.token_create(user=trader, name="robot")
    act(admin, "revoke_tokens", trader)
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert AuditEntry.objects.get().after == {"tokens_revoked": "1"}


def test_trading_is_frozen_and_goes_on(admin, trader, order):
    act(admin, "freeze", trader)
    order.refresh_from_db()
    assert (TradingFreeze.objects.get().user, order.status) == (trader, "new")
    act(admin, "unfreeze", trader)
    assert not TradingFreeze.objects.exists()
    act(admin, "freeze", trader, cancel_orders="on")
    order.refresh_from_db()
    assert order.status == "canceled"


def test_it_goes_back_to_the_page_that_it_came_from(admin, trader):
    response = act(admin, "disconnect", trader, from_page="yes")
    assert response.url == reverse("admin:trading_user_change", args=[trader.pk])


def test_the_trail_says_who_to_whom_why_and_from_where(group_of, trader):
    act(group_of("operator"), "deactivate", trader)
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.subject, entry.subject_id) == (
        "operator-1", "user.deactivate", "alice", trader.pk
    )  # fmt: skip
    assert (entry.reason, entry.address, entry.agent) == ("asked for it", "192.0.2.7", "Test agent")
    assert (entry.before["is_active"], entry.after["is_active"]) == ("True", "False")


def test_who_is_left_is_named_and_the_others_are_done(admin, trader):
    other = make_user(username="carol")
    other.accounts.update(name="second")
    response = act(admin, "adjust", trader, other, account="paper", amount="5")
    assert said(response) == [
        ("error", "carol: There is no account paper."),
        ("success", "Adjust balance: done for alice."),
    ]
    assert other.accounts.get().ledger.count() == 1
    assert [entry.subject for entry in AuditEntry.objects.all()] == ["alice"]


class TestTheLastSuperuser:
    def test_is_not_deactivated(self, admin):
        root = User.objects.get(username="root")
        response = act(admin, "deactivate", root)
        root.refresh_from_db()
        assert root.is_active
        assert "last active superuser" in said(response)[0][1]

    @pytest.mark.parametrize("left_out", ["is_superuser", "is_staff"])
    def test_is_not_demoted(self, admin, left_out):
        root = User.objects.get(username="root")
        make_user(username="gone", is_staff=True, is_superuser=True, is_active=False)
        page = reverse("admin:trading_user_change", args=[root.pk])
        fields = {"username": "root", "time_zone": "UTC", "is_staff": "on", "is_superuser": "on"}
        del fields[left_out]
        response = admin.post(page, fields)
        assert "last active superuser" in response.text
        root.refresh_from_db()
        assert (root.is_staff, root.is_superuser) == (True, True)

    def test_does_not_lose_his_password(self, admin):
        root = User.objects.get(username="root")
        root.set_password("correct-horse-battery")
        root.save()
        admin.force_login(root)
        other = make_user(username="by-other-means", is_staff=True, is_superuser=True)
        other.set_unusable_password()
        other.save()
        page = reverse("admin:auth_user_password_change", args=[root.pk])
        response = admin.post(page, {"usable_password": "false", "unset-password": "Disable"})
        assert "last active superuser" in response.text
        root.refresh_from_db()
        assert root.has_usable_password()

    def test_is_let_go_where_there_is_another(self, admin):
        make_user(username="second", is_staff=True, is_superuser=True)
        act(admin, "deactivate", User.objects.get(username="root"))
        assert not User.objects.get(username="root").is_active


class TestAnOperator:
    def test_does_what_his_group_may(self, group_of, trader):
        act(group_of("operator"), "freeze", trader)
        assert TradingFreeze.objects.exists()

    @pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.name)
    def test_does_nothing_to_a_superuser(self, group_of, spec):
        root = make_user(username="root", is_staff=True, is_superuser=True)
        more = {"account": "paper", "amount": "5", "deposit": "5"}
        if spec.name == "activate":
            User.objects.filter(pk=root.pk).update(is_active=False)
        if spec.name == "unfreeze":
            services.trading_freeze(user=root, reason="why not", by=services.Operator())
        count = AuditEntry.objects.count()
        response = act(group_of("operator"), spec.name, root, **more)
        assert "only another superuser" in said(response)[0][1]
        assert AuditEntry.objects.count() == count

    def test_changes_no_user_and_nobodys_password(self, group_of, trader):
        browser = group_of("operator")
        page = reverse("admin:trading_user_change", args=[trader.pk])
        assert browser.post(page, {"username": "mallory"}).status_code == 403
        assert browser.post(reverse("admin:auth_user_password_change", args=[trader.pk]), {}).status_code == 403

    def test_who_may_change_users_does_not_raise_himself_or_change_staff(self, group_of, trader):
        from django.contrib.auth.models import Permission

        browser = group_of("operator")
        me = User.objects.get(username="operator-1")
        me.user_permissions.add(Permission.objects.get(codename="change_user"))
        page = reverse("admin:trading_user_change", args=[me.pk])
        browser.post(page, {"username": "operator-1", "time_zone": "UTC", "is_staff": "on", "is_superuser": "on"})
        me.refresh_from_db()
        assert not me.is_superuser
        root = make_user(username="root", is_staff=True, is_superuser=True)
        assert browser.post(reverse("admin:auth_user_password_change", args=[root.pk]), {}).status_code == 403


@pytest.mark.parametrize("group", ["support", "auditor"])
@pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.name)
def test_who_only_looks_is_offered_nothing_and_a_posted_action_does_nothing(group_of, trader, order, group, spec):
    browser = group_of(group)
    page = browser.get(reverse("admin:trading_user_change", args=[trader.pk])).text
    assert f'value="{spec.name}"' not in page
    assert f'value="{spec.name}"' not in browser.get(USERS).text
    before = User.objects.values().get(pk=trader.pk)
    act(browser, spec.name, trader, account="paper", amount="5", deposit="5")
    assert User.objects.values().get(pk=trader.pk) == before
    assert Order.objects.get().status == "new"
    assert not AuditEntry.objects.exists()
    assert trader.accounts.get().total == 100_000


@pytest.mark.parametrize(
    ("group", "may", "may_not"),
    [
        ("operator", ["user", "auditentry", "tradingfreeze", "instrument", "order"], []),
        ("support", ["user", "order", "fill", "ledgerentry"], ["auditentry", "accounterasure"]),
        ("auditor", ["user", "auditentry", "accounterasure", "ledgerentry"], []),
    ],
)
def test_each_group_sees_its_pages(group_of, group, may, may_not):
    browser = group_of(group)
    status = {name: browser.get(reverse(f"admin:trading_{name}_changelist")).status_code for name in may + may_not}
    assert status == {**dict.fromkeys(may, 200), **dict.fromkeys(may_not, 403)}


@pytest.mark.parametrize(("group", "status"), [("operator", 200), ("support", 200), ("auditor", 403)])
def test_who_may_watch_is_shown_the_live_state(group_of, trader, group, status):
    response = group_of(group).get(reverse("admin:trading_user_live", args=[trader.pk]))
    assert response.status_code == status
    if status == 200:
        assert f'data-socket="/ws/watch/{trader.pk}/"' in response.text


def test_a_users_page_leads_to_what_was_done_to_him(admin, trader):
    act(admin, "sign_out", make_user(username="carol"))
    act(admin, "sign_out", trader)
    page = admin.get(reverse("admin:trading_user_change", args=[trader.pk]))
    trail = admin.get(page.context["trail_url"]).context["cl"].result_list
    assert [entry.subject for entry in trail] == ["alice"]


def test_only_staff_is_shown_a_live_state(client, trader):
    client.force_login(trader)
    assert client.get(reverse("admin:trading_user_live", args=[trader.pk])).status_code == 302
