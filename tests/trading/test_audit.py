"""The audit finds whatever does not follow from what has happened, and says what it expected."""

from decimal import Decimal as D

import pytest
from django.db import connection

from tests.trading.rows import make_account, set_quote
from trading import append_only
from trading.audit import INVARIANTS, audit, audit_report
from trading.models import Account, AccountReset, Fill, LedgerEntry, Order, Position, Quote
from trading.services import order_cancel, order_place

pytestmark = pytest.mark.django_db


def place(account, side, amount, price=None):
    kind = "market" if price is None else "limit"
    number = None if price is None else D(price)
    return order_place(account=account, symbol="AAPL", side=side, type=kind, amount=D(amount), price=number)


@pytest.fixture
def traded(account, instrument):
    """An account that has bought, sold more than it had, rests an order and has canceled one."""
    place(account, "buy", 7)
    place(account, "sell", 10)
    place(account, "buy", 5, price=90)
    order_cancel(order=place(account, "sell", 2, price=120))
    set_quote(instrument, "98.5", "98.51")
    return account


def test_the_books_of_a_trader_are_exact(traded):
    report = audit_report()
    assert report.findings == []
    assert (report.accounts, report.orders, report.fills, report.entries) == (1, 4, 2, 4)


def update(model, **values):
    return lambda: model.objects.filter(pk=model.objects.order_by("pk").last().pk).update(**values)


BREAKS = {
    "ledger_sum": update(Account, total=D(5)),
    "ledger_chain": update(LedgerEntry, balance_after=D(3)),
    "ledger_fills": update(LedgerEntry, amount=D(-3)),
    "ledger_signs": lambda: LedgerEntry.objects.filter(kind="deposit").update(amount=-1),
    "used_sum": update(Account, used=D(5)),
    "order_fills": lambda: Order.objects.filter(side="buy", filled=7).update(cost=D(1)),
    "order_status": lambda: Order.objects.filter(status="new").update(status="partially_filled"),
    "order_closing": lambda: Order.objects.filter(status="new").update(closing=D("3.1")),
    "fill_order": update(Fill, side="buy"),
    "fill_cost": update(Fill, price=D(5)),
    "fill_closed": update(Fill, closed_amount=D(1)),
    "fill_realized": update(Fill, realized_pnl=D(5)),
    "position_replay": update(Position, open_cost=D(5)),
    "position_margin": update(Position, margin=D(5)),
    "equity": update(Position, signed_amount=D(-4)),
}


@pytest.mark.parametrize("invariant", BREAKS)
def test_what_is_broken_is_named(traded, invariant):
    with append_only.lifted(connection):
        assert BREAKS[invariant]() is not None
    found = [finding for finding in audit() if finding.invariant == invariant]
    assert found
    assert {finding.account_id for finding in found} == {traded.pk}
    assert invariant in INVARIANTS


def test_a_finding_says_whose_what_expected_and_found(traded):
    Account.objects.update(total=D(5))
    finding = next(finding for finding in audit() if finding.invariant == "ledger_sum")
    username = traded.user.username
    assert str(finding) == f"account {traded.pk} ({username}/paper): ledger_sum: total: expected 99984.303, found 5"


def test_a_fill_that_is_booked_twice_is_found(traded):
    entry = LedgerEntry.objects.filter(kind="fee").last()
    entry.pk, entry._state.adding = None, True
    entry.save()
    assert {"ledger_fills", "ledger_sum"} <= {finding.invariant for finding in audit()}


def test_a_fee_without_a_fill_is_found(traded):
    LedgerEntry.objects.create(account=traded, kind="fee", amount=D(-1), balance_after=D(0))
    assert "entries of -1" in {finding.found for finding in audit() if finding.invariant == "ledger_fills"}


def test_a_reset_over_an_open_position_is_found(traded):
    fill, entry = Fill.objects.last(), LedgerEntry.objects.last()
    ids = {"last_fill_id": fill.pk, "last_entry_id": entry.pk}
    AccountReset.objects.create(account=traded, total_before=D(0), deposit=D(0), **ids)
    found = {finding.what.split(": ")[1] for finding in audit() if finding.invariant == "reset_flat"}
    assert "balance" in found
    assert any("amount" in what for what in found)


def test_missing_triggers_are_found(traded):
    append_only.drop(connection)
    findings = audit()
    assert {finding.what for finding in findings} == {
        f"trigger {name}" for name in append_only.trigger_names(connection.vendor)
    }
    assert str(findings[0]).startswith("database: append_only: trigger ")
    append_only.create(connection)


def test_a_position_without_a_quote_has_no_equity_to_compare(traded):
    Quote.objects.all().delete()
    assert audit() == []


def test_only_the_accounts_asked_for_are_looked_at(traded):
    other = make_account()
    Account.objects.filter(pk=other.pk).update(total=1)
    assert audit([traded.pk]) == []
    assert audit_report([traded.pk]).accounts == 1
    assert {finding.account_id for finding in audit()} == {other.pk}


def test_the_number_of_queries_does_not_grow_with_accounts(traded, django_assert_num_queries):
    with django_assert_num_queries(_queries()):
        audit()
    for _ in range(5):
        place(make_account(), "buy", 3)
    with django_assert_num_queries(_queries()):
        audit()


def _queries():
    """Five streams, the accounts, and the two that look for the tables and the triggers."""
    return 8
