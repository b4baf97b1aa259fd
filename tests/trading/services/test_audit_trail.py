"""The audit trail: written with the act or not at all, and never changed."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from trading import services
from trading.errors import TradingError
from trading.models import AuditEntry
from trading.services import Operator, audit_note

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry(account):
    return audit_note(Operator(account.user), "change", subject=account.user, row=account, before={"a": 1})


def refused(act):
    with pytest.raises(IntegrityError, match="is append-only"), transaction.atomic():
        act()


def test_it_is_neither_changed_nor_deleted(entry):
    refused(lambda: AuditEntry.objects.update(reason="another"))
    refused(lambda: AuditEntry.objects.all()._raw_delete("default"))
    with pytest.raises(TypeError, match="append-only"):
        entry.save()
    with pytest.raises(TypeError, match="append-only"):
        entry.delete()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
def test_it_is_not_replaced(entry):
    table = AuditEntry._meta.db_table
    with connection.cursor() as cursor:
        refused(lambda: cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"))


def test_it_stays_when_the_user_is_erased(entry, account):
    user = account.user
    services.account_erase(account=account, reason="asked for it")
    user.delete()
    assert AuditEntry.objects.get().subject == user.get_username()


def test_an_act_that_fails_leaves_no_entry(account):
    with pytest.raises(TradingError):
        services.balance_adjust(account=account, amount=Decimal(0), reason="nothing", by=Operator())
    assert not AuditEntry.objects.exists()


def test_an_entry_that_cannot_be_written_leaves_nothing_done(account, monkeypatch):
    def fail(*everything, **more):
        raise RuntimeError("no trail")

    monkeypatch.setattr(services.account_care, "audit_note", fail)
    with pytest.raises(RuntimeError):
        services.balance_adjust(account=account, amount=Decimal(5), reason="more", by=Operator())
    assert account.ledger.count() == 1


def test_what_a_client_calls_itself_breaks_no_line(account):
    forged = Operator(account.user, "192.0.2.7", "agent\r\n2026-01-01 root: nothing happened\x1b[2J")
    entry = audit_note(forged, "change")
    assert entry.agent.isprintable()
