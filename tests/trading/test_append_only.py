"""The database itself keeps ledger entries and fills as they were written."""

from decimal import Decimal as D

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from tests.trading.rows import make_account, make_instrument, set_quote
from trading import append_only
from trading.audit import audit
from trading.models import Account, AccountErasure, Fill, LedgerEntry, Order
from trading.services import order_place


@pytest.fixture
def traded(account, instrument):
    """An account that has bought 10 AAPL."""
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(10))
    return account


def refused(act):
    with pytest.raises(IntegrityError, match="is append-only"), transaction.atomic():
        act()


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
@pytest.mark.parametrize("model", [LedgerEntry, Fill])
class TestARowOfTheBooks:
    def test_is_not_changed(self, traded, model):
        refused(lambda: model.objects.update(created_at="2020-01-01T00:00:00Z"))
        refused(lambda: sql(f"UPDATE {model._meta.db_table} SET account_id = account_id"))

    def test_is_not_deleted(self, traded, model):
        refused(lambda: sql(f"DELETE FROM {model._meta.db_table}"))
        refused(lambda: model.objects.all()._raw_delete("default"))

    def test_is_not_overwritten_by_an_insert(self, traded, model):
        row = model.objects.first()
        columns = [field.name for field in model._meta.concrete_fields if not field.primary_key]
        refused(
            lambda: model.objects.bulk_create([row], update_conflicts=True, unique_fields=["id"], update_fields=columns)
        )


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
@pytest.mark.parametrize("model", [LedgerEntry, Fill])
def test_no_row_is_replaced(traded, model):
    refused(lambda: sql(f"INSERT OR REPLACE INTO {model._meta.db_table} SELECT * FROM {model._meta.db_table}"))


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
def test_no_fill_is_replaced_by_another_of_its_trade_id(traded):
    columns = [field.column for field in Fill._meta.concrete_fields if not field.primary_key]
    names = ", ".join(columns)
    refused(lambda: sql(f"INSERT OR REPLACE INTO trading_fill ({names}) SELECT {names} FROM trading_fill"))


@pytest.mark.django_db
def test_orders_accounts_and_users_with_books_stay(traded):
    refused(lambda: Order.objects.all().delete())
    refused(traded.delete)
    refused(traded.user.delete)


@pytest.mark.django_db
def test_the_permission_to_erase_is_for_one_account_only(traded):
    other = make_account()
    AccountErasure.objects.create(account_id=other.pk, username="x", name="paper", total=0, reason="asked for it")
    refused(traded.delete)
    other.delete()
    assert list(Account.objects.all()) == [traded]
    assert set(LedgerEntry.objects.values_list("account", flat=True)) == {traded.pk}


@pytest.mark.django_db
def test_the_triggers_are_back_after_they_were_lifted(traded):
    with append_only.lifted(connection):
        Fill.objects.update(trade_id="changed")
    refused(lambda: Fill.objects.update(trade_id="again"))
    assert Fill.objects.get().trade_id == "changed"


@pytest.mark.django_db(transaction=True)
def test_the_database_can_be_emptied_and_is_append_only_afterwards():
    set_quote(make_instrument(), "99", "101")
    account = make_account()
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(10))
    call_command("flush", "--no-input", verbosity=0)
    assert not Fill.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert append_only.missing(connection) == []
    make_account()
    refused(lambda: LedgerEntry.objects.update(amount=1))


@pytest.mark.django_db(transaction=True)
def test_a_database_without_triggers_can_be_emptied_too():
    append_only.drop(connection)
    assert append_only.present(connection) == set()
    make_account()
    call_command("flush", "--no-input", verbosity=0, inhibit_post_migrate=True)
    assert not LedgerEntry.objects.exists()
    append_only.restore(connection)


@pytest.mark.django_db(transaction=True)
def test_missing_triggers_are_named_by_the_check_and_restored_by_migrate():
    append_only.drop(connection)
    names = append_only.trigger_names(connection.vendor)
    [message] = [found for found in run_checks(tags=["database"], databases=["default"]) if found.id == "trading.W001"]
    assert all(name in message.msg for name in names)
    assert "migrate" in message.hint
    call_command("migrate", verbosity=0)
    assert append_only.missing(connection) == []
    assert "trading.W001" not in [found.id for found in run_checks(tags=["database"], databases=["default"])]


@pytest.mark.django_db(transaction=True)
def test_fills_from_before_the_triggers_get_what_they_closed():
    set_quote(make_instrument(), "99", "101")
    account = make_account()
    for side, amount in (("buy", 3), ("sell", 2), ("sell", 4)):
        order_place(account=account, symbol="AAPL", side=side, type="market", amount=D(amount))
    with append_only.lifted(connection):
        Fill.objects.update(closed_amount=0)
    assert audit() != []
    call_command("migrate", "trading", "0002", verbosity=0)
    call_command("migrate", verbosity=0)
    assert list(Fill.objects.order_by("id").values_list("closed_amount", flat=True)) == [0, 2, 1]
    assert audit() == []


@pytest.mark.django_db(transaction=True)
def test_the_migration_can_be_undone_and_done_again():
    call_command("migrate", "trading", "0002", verbosity=0)
    with connection.cursor() as cursor:
        assert "trading_accounterasure" not in connection.introspection.table_names(cursor)
    call_command("migrate", verbosity=0)
    assert append_only.missing(connection) == []
