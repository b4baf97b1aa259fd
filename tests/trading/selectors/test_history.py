from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.trading.rows import bulk_accounts, bulk_trades, make_account, make_instrument
from tests.trading.selectors.traded import add_fill
from trading.models import AccountReset, Fill, LedgerEntry, Order
from trading.selectors.history import (
    HistoryFilter,
    fill_history,
    ledger_history,
    order_history,
    order_row,
    trade_history,
)

pytestmark = pytest.mark.django_db


def all_pages(read, wanted, limit):
    """Every row, page by page, and the number of pages."""
    rows, before, pages = [], None, 0
    while before is not None or not pages:
        page = read(wanted, before=before, limit=limit)
        rows, before, pages = rows + page.rows, page.next_before, pages + 1
    return rows, pages


@pytest.fixture
def traded(account, instrument):
    """The account with 7 fills."""
    for _ in range(7):
        add_fill(account, instrument, at=timezone.now())
    return account


@pytest.mark.parametrize(("limit", "pages"), [(1, 7), (3, 3), (7, 1), (8, 1)])
def test_the_pages_together_are_the_whole(traded, limit, pages):
    rows, number = all_pages(fill_history, HistoryFilter(account_ids=[traded.pk]), limit)
    assert [row.id for row in rows] == list(Fill.objects.order_by("-id").values_list("id", flat=True))
    assert number == pages


def test_rows_that_come_meanwhile_are_neither_repeated_nor_hide_others(traded, instrument):
    wanted = HistoryFilter(account_ids=[traded.pk])
    before = [row.id for row in fill_history(wanted).rows]
    first = fill_history(wanted, limit=3)
    for _ in range(5):
        add_fill(traded, instrument)
    second = fill_history(wanted, before=first.next_before, limit=100)
    assert [row.id for row in first.rows + second.rows] == before


def test_other_accounts_are_not_read(traded, instrument):
    other = make_account()
    bulk_trades([other], instrument)
    wanted = HistoryFilter(account_ids=[other.pk])
    assert len(fill_history(wanted).rows) == 3
    assert fill_history(HistoryFilter(account_ids=[])).rows == []


def test_the_filters(traded, instrument):
    add_fill(traded, make_instrument("MSFT"), side="buy", at=timezone.now())
    Order.objects.filter(instrument__symbol="MSFT").update(status="canceled")

    def found(read, **conditions):
        return {row.symbol for row in read(HistoryFilter(account_ids=[traded.pk], **conditions)).rows}

    for read in (order_history, fill_history):
        assert found(read) == {"AAPL", "MSFT"}
        assert found(read, symbol="MSFT") == {"MSFT"}
        assert found(read, since=timezone.now()) == set()
        assert found(read, until=timezone.now() - timedelta(hours=1)) == set()
        assert found(read, since=timezone.now() - timedelta(hours=1), until=timezone.now()) == {"AAPL", "MSFT"}
        assert found(read, side="buy") == {"MSFT"}
    assert found(order_history, statuses=["canceled"]) == {"MSFT"}


def test_trades_are_the_fills_that_closed_quantity(traded, instrument):
    gained = add_fill(traded, instrument, "5", "2")
    even = add_fill(traded, instrument, "0", "2", closed="1")
    rows = trade_history(HistoryFilter(account_ids=[traded.pk])).rows
    assert [(row.id, row.closed_amount, row.net_pnl) for row in rows] == [(even.pk, 1, -2), (gained.pk, 1, 3)]


def test_the_ledger(account):
    LedgerEntry.objects.create(account=account, kind="adjustment", amount=D(5), balance_after=D(100005), note="gift")
    rows = ledger_history(HistoryFilter(account_ids=[account.pk])).rows
    assert [(row.kind, row.amount, row.balance_after, row.note) for row in rows] == [
        ("adjustment", D(5), D(100005), "gift"),
        ("deposit", D(100000), D(100000), ""),
    ]
    wanted = HistoryFilter(account_ids=[account.pk], kinds=["deposit"])
    assert [row.kind for row in ledger_history(wanted).rows] == ["deposit"]


def test_what_was_before_a_reset_is_marked(traded, instrument):
    last = {
        "last_order_id": Order.objects.latest("id").pk,
        "last_fill_id": Fill.objects.latest("id").pk,
        "last_entry_id": LedgerEntry.objects.latest("id").pk,
    }
    AccountReset.objects.create(account=traded, total_before=D(1), deposit=D(1), **last)
    add_fill(traded, instrument)
    wanted = HistoryFilter(account_ids=[traded.pk])
    assert [row.before_reset for row in order_history(wanted).rows] == [False] + [True] * 7
    assert [row.before_reset for row in fill_history(wanted).rows] == [False] + [True] * 7
    assert [row.before_reset for row in ledger_history(wanted).rows] == [True]


def test_a_reset_marks_its_own_account_only(traded):
    AccountReset.objects.create(account=make_account(), total_before=D(1), deposit=D(1), last_fill_id=10**9)
    assert not any(row.before_reset for row in fill_history(HistoryFilter(account_ids=[traded.pk])).rows)


def test_one_order_of_the_user(traded):
    order = Order.objects.first()
    assert order_row(traded.user_id, order.pk).id == order.pk
    assert order_row(make_account().user_id, order.pk) is None
    assert order_row(traded.user_id, 0) is None


def test_a_page_costs_one_query_however_long_the_history(instrument):
    few, many = bulk_accounts(2)
    bulk_trades([few], instrument, fills_each=1)
    bulk_trades([many], instrument, fills_each=200)
    for read in (order_history, fill_history, trade_history, ledger_history):
        for account in (few, many):
            with CaptureQueriesContext(connection) as captured:
                read(HistoryFilter(account_ids=[account.pk]))
            assert len(captured) == 1
