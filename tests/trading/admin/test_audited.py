"""What forms of the admin change is in the audit trail, field by field; whoever has changed it."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from tests.trading.admin.test_instrument import save
from tests.trading.rows import make_user
from trading import services
from trading.models import AuditEntry, Instrument, TradingFreeze, User
from trading.services import Operator

PASSWORD = "correct-horse-battery"


def fields_of(admin, page):
    form = admin.get(page).context["adminform"].form
    return {name: value for name, value in form.initial.items() if isinstance(value, str | int) and value}


def test_a_changed_instrument_is_noted_as_it_was_and_as_it_is(admin, instrument):
    assert save(admin, instrument, tick_size="0.05", maximum_leverage=3).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.object_type, entry.object_text) == (
        "root", "change", "trading.instrument", "AAPL"
    )  # fmt: skip
    assert entry.before == {"tick_size": "0.01", "maximum_leverage": "5"}
    assert entry.after == {"tick_size": "0.05", "maximum_leverage": "3"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("tick_size", "0"), ("step_size", "-1"), ("maker_fee_rate", "1"), ("taker_fee_rate", "-0.1"),
     ("maximum_leverage", "0"), ("tick_size", "x"), ("tick_size", "0.000000001")],
)  # fmt: skip
def test_an_instrument_that_cannot_be_traded_is_refused_and_not_noted(admin, instrument, name, value):
    before = Instrument.objects.values().get()
    response = save(admin, instrument, **{name: value})
    assert response.context["adminform"].form.errors
    assert Instrument.objects.values().get() == before
    assert not AuditEntry.objects.exists()


def test_a_save_that_changes_nothing_is_not_noted(admin, instrument):
    save(admin, instrument)
    assert not AuditEntry.objects.exists()


def test_a_changed_user_is_noted_with_his_groups(admin, trader):
    group = Group.objects.create(name="night shift")
    page = reverse("admin:trading_user_change", args=[trader.pk])
    fields = {**fields_of(admin, page), "email": "alice@example.com", "groups": [group.pk]}
    assert admin.post(page, {**fields, **formsets(admin, page)}).status_code == 302
    entry = AuditEntry.objects.get()
    assert (entry.subject, entry.before) == ("alice", {})
    assert entry.after == {"email": "alice@example.com", "groups": "night shift"}


def formsets(admin, page):
    managed = [formset.formset.management_form for formset in admin.get(page).context["inline_admin_formsets"]]
    return {form.add_prefix(name): value for form in managed for name, value in form.initial.items()}


def test_a_new_password_is_noted_and_not_shown(admin, trader):
    page = reverse("admin:auth_user_password_change", args=[trader.pk])
    admin.post(page, {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"})
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.after) == ("change", "alice", {"password": "(secret)"})


def test_a_new_user_is_noted_without_his_password(admin):
    fields = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    admin.post(reverse("admin:trading_user_add"), fields)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.after["password"]) == ("add", "dora", "(secret)")


def test_a_changed_group_is_noted_with_its_permissions(admin):
    group = Group.objects.create(name="night shift")
    permission = Permission.objects.get(codename="watch_user")
    page = reverse("admin:auth_group_change", args=[group.pk])
    admin.post(page, {"name": "night shift", "permissions": [permission.pk]})
    assert AuditEntry.objects.get().after == {"permissions": str(permission)}


@pytest.mark.parametrize("many", [False, True])
def test_a_deleted_group_is_noted(admin, many):
    group = Group.objects.create(name="night shift")
    if many:
        fields = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
        admin.post(reverse("admin:auth_group_changelist"), fields)
    else:
        admin.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})
    assert not Group.objects.filter(pk=group.pk).exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.before["name"]) == ("delete", "night shift")


def test_a_correction_of_an_account_is_noted_with_its_reason(admin, account):
    page = reverse("admin:trading_account_change", args=[account.pk])
    admin.post(page, {"leverage": 1, "correction": "5", "reason": "charged too much"})
    entry = AuditEntry.objects.get(action="balance.adjust")
    assert (entry.reason, entry.after["amount"]) == ("charged too much", "5")


def test_who_may_change_accounts_but_not_balances_corrects_none(client, account):
    user = make_user(username="clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_account", "change_account"]))
    client.force_login(user)
    page = reverse("admin:trading_account_change", args=[account.pk])
    assert "correction" not in client.get(page).text
    client.post(page, {"leverage": 2, "correction": "5", "reason": "for me"})
    account.refresh_from_db()
    assert (account.total, account.leverage) == (100_000, 2)


def unfreeze(client, freeze, reason):
    """Choose a freeze in the list, and give the reason; return the answer."""
    chosen = {"action": "unfreeze", "_selected_action": [freeze.pk], "apply": "yes", "reason": reason}
    return client.post(reverse("admin:trading_tradingfreeze_changelist"), chosen)


class TestFreezes:
    def test_the_site_is_frozen_and_freed(self, admin):
        assert admin.post(reverse("admin:trading_tradingfreeze_add"), {"reason": "a fire"}).status_code == 302
        freeze = TradingFreeze.objects.get()
        assert (freeze.user, freeze.instrument, freeze.by.username) == (None, None, "root")
        unfreeze(admin, freeze, "the fire is out")
        assert not TradingFreeze.objects.exists()
        entries = AuditEntry.objects.order_by("id").values_list("action", "reason")
        assert list(entries) == [("trading.freeze", "a fire"), ("trading.unfreeze", "the fire is out")]

    def test_unfreezing_takes_a_reason_and_is_the_only_way(self, admin):
        freeze = services.trading_freeze(reason="a fire", by=Operator())
        assert "Reason" in unfreeze(admin, freeze, " ").text
        page = reverse("admin:trading_tradingfreeze_delete", args=[freeze.pk])
        assert admin.post(page, {"post": "yes"}).status_code == 403
        assert TradingFreeze.objects.count() == 1

    def test_a_freeze_takes_a_reason_and_one_thing_to_freeze(self, admin, trader, instrument):
        add = reverse("admin:trading_tradingfreeze_add")
        assert admin.post(add, {"reason": " "}).status_code == 200
        both = {"user": trader.pk, "instrument": instrument.pk, "reason": "a fire"}
        assert admin.post(add, both).status_code == 200
        assert not TradingFreeze.objects.exists()

    def test_an_operator_freezes_and_frees_no_superuser(self, client, admin_user):
        operator = make_user(username="operator-1", is_staff=True)
        operator.user_permissions.add(Permission.objects.get(codename="freeze_trading"))
        client.force_login(operator)
        response = client.post(reverse("admin:trading_tradingfreeze_add"), {"user": admin_user.pk, "reason": "a fire"})
        assert "only another superuser" in response.text
        freeze = services.trading_freeze(user=admin_user, reason="a fire", by=Operator())
        unfreeze(client, freeze, "a favour")
        assert TradingFreeze.objects.count() == 1


def test_the_list_of_users_is_filtered_by_who_is_frozen(admin, trader):
    services.trading_freeze(user=trader, reason="a complaint", by=Operator())
    page = reverse("admin:trading_user_changelist")
    found = {
        answer: [user.username for user in admin.get(page, {"frozen": answer}).context["cl"].result_list]
        for answer in ("yes", "no")
    }
    assert found == {"yes": ["alice"], "no": ["root"]}
    assert User.objects.count() == 2
