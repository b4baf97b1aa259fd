import pytest
from django.urls import reverse

from tests.trading.admin.test_audited import fields_of, formsets
from trading.admin.user import TraderChangeForm, TraderPasswordForm
from trading.models import User

PASSWORD = "correct-horse-battery"


def test_a_user_made_here_has_an_account(admin):
    fields = {"username": "dora", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert admin.post(reverse("admin:trading_user_add"), fields).status_code == 302
    assert User.objects.get(username="dora").accounts.get().name == "paper"


def test_the_page_shows_the_accounts_and_offers_no_change_of_them(admin, trader):
    page = admin.get(reverse("admin:trading_user_change", args=[trader.pk]))
    assert "100,000" in page.text
    assert 'name="accounts-0-name"' not in page.text
    assert 'name="accounts-0-leverage"' not in page.text


def test_a_time_zone_must_exist(admin, trader):
    page = reverse("admin:trading_user_change", args=[trader.pk])
    form = admin.get(page).context["adminform"].form
    values = {name: value for name, value in form.initial.items() if isinstance(value, str | int) and value}
    response = admin.post(page, {**values, "time_zone": "Mars/Olympus"})
    assert "time_zone" in response.context["adminform"].form.errors


@pytest.mark.parametrize("form", [TraderChangeForm, TraderPasswordForm])
def test_who_is_deactivated_meanwhile_is_not_let_in_again(admin, trader, form, monkeypatch):
    """The form's user was read before; only what was typed is written."""
    cleaned = form.clean

    def clean(self):
        User.objects.filter(pk=trader.pk).update(is_active=False, session_round=7)
        return cleaned(self)

    monkeypatch.setattr(form, "clean", clean)
    if form is TraderPasswordForm:
        page = reverse("admin:auth_user_password_change", args=[trader.pk])
        fields = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    else:
        page = reverse("admin:trading_user_change", args=[trader.pk])
        fields = {**fields_of(admin, page), **formsets(admin, page), "email": "alice@example.com"}
    assert admin.post(page, fields).status_code == 302
    trader.refresh_from_db()
    assert (trader.is_active, trader.session_round) == (False, 7)
    assert trader.email == "alice@example.com" or trader.check_password(PASSWORD)
