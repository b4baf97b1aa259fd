from decimal import Decimal

import pytest
from django.urls import reverse

from trading.admin import account as account_admin
from trading.admin.columns import number_text
from trading.models import Account


@pytest.fixture
def nudged(monkeypatch):
    users = []
    monkeypatch.setattr(account_admin, "nudge", users.extend)
    return users


def change(admin, account, **values):
    page = reverse("admin:trading_account_change", args=[account.pk])
    return admin.post(page, {"leverage": account.leverage, **values})


def test_a_change_is_saved_and_pushed_to_the_trader(admin, account, nudged):
    assert change(admin, account, leverage=3).status_code == 302
    account.refresh_from_db()
    assert account.leverage == 3
    assert nudged == [account.user_id]


def test_money_and_name_cannot_be_typed(admin, account, nudged):
    change(admin, account, total="1", used="1", name="other", leverage=2)
    account.refresh_from_db()
    assert (account.total, account.used, account.name) == (Decimal(100000), Decimal(0), "paper")


def test_a_save_leaves_what_a_service_has_written_meanwhile(admin, account, nudged, monkeypatch):
    clean = Account.clean

    def pay_in_meanwhile(self):
        Account.objects.filter(pk=self.pk).update(total=7)
        clean(self)

    monkeypatch.setattr(Account, "clean", pay_in_meanwhile)
    change(admin, account, leverage=2)
    account.refresh_from_db()
    assert (account.total, account.leverage) == (7, 2)


def test_a_correction_is_a_ledger_entry_with_a_reason_and_who_made_it(admin, account, nudged):
    response = change(admin, account, correction="-12.5", reason="charged too little")
    assert response.status_code == 302
    account.refresh_from_db()
    entry = account.ledger.latest("id")
    assert (entry.kind, entry.amount, entry.note, entry.by.username) == (
        "adjustment",
        Decimal("-12.5"),
        "charged too little",
        "root",
    )
    assert account.total == entry.balance_after == Decimal("99987.5")


def test_a_correction_without_a_reason_is_refused(admin, account, nudged):
    assert change(admin, account, correction="5").status_code == 200
    assert account.ledger.count() == 1


def test_a_correction_that_no_account_can_hold_is_refused_in_words(admin, account, nudged):
    page = reverse("admin:trading_account_change", args=[account.pk])
    response = admin.post(page, {"leverage": 1, "correction": "9999999999", "reason": "more"}, follow=True)
    assert "An account holds at most" in response.text
    assert account.ledger.count() == 1


def test_an_account_is_opened_by_the_service_with_a_deposit_in_the_ledger(admin, trader):
    fields = {"user": trader.pk, "name": "second", "currency": "USD", "leverage": "2", "deposit": "5000.5"}
    response = admin.post(reverse("admin:trading_account_add"), fields)
    assert response.status_code == 302
    account = trader.accounts.get(name="second")
    assert account.total == Decimal("5000.5")
    assert account.ledger.get().amount == Decimal("5000.5")


def test_a_name_is_taken_once_per_trader(admin, trader):
    fields = {"user": trader.pk, "name": "paper", "currency": "USD", "leverage": "1", "deposit": "1"}
    response = admin.post(reverse("admin:trading_account_add"), fields)
    assert response.status_code == 200
    assert response.context["errors"]
    assert trader.accounts.count() == 1


def test_an_account_with_a_ledger_cannot_be_deleted(admin, account):
    admin.post(reverse("admin:trading_account_delete", args=[account.pk]), {"post": "yes"})
    assert Account.objects.filter(pk=account.pk).exists()


def test_the_page_shows_exact_money(admin, account):
    Account.objects.filter(pk=account.pk).update(total=Decimal("1234567.00000001"), used=Decimal("0.5"))
    page = admin.get(reverse("admin:trading_account_change", args=[account.pk])).text
    assert "1,234,567.00000001" in page
    assert "1,234,566.50000001" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("100000.00000000", "100,000"),
        ("0.50000000", "0.5"),
        ("-1200.10", "-1,200.1"),
        ("0E-8", "0"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_numbers_are_for_people(value, text):
    assert number_text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("100000.00000000", "100,000.00"), ("0.5", "0.50"), ("0.00000001", "0.00000001"), ("-1", "-1.00")],
)
def test_money_has_two_places_at_least(value, text):
    assert number_text(Decimal(value), 2) == text


def test_an_absent_number_is_a_dash():
    assert number_text(None) == "-"
