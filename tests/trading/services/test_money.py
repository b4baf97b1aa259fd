"""Whatever is done, an account's figures explain each other."""

from decimal import Decimal as D

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trading.rows import make_account, make_instrument, set_quote
from trading.errors import TradingError
from trading.models import Account, Fill, LedgerEntry, Order, Position
from trading.services import order_cancel, order_place, orders_match

steps = st.lists(
    st.one_of(
        st.tuples(st.just("market"), st.sampled_from(["buy", "sell"]), st.integers(1, 700)),
        st.tuples(st.just("limit"), st.sampled_from(["buy", "sell"]), st.integers(1, 700), st.integers(80, 120)),
        st.tuples(st.just("quote"), st.integers(80, 120)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
    ),
    max_size=14,
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.integers(1, 3))
def test_total_used_and_ledger_agree_after_any_sequence(sequence, leverage):
    instrument = make_instrument(f"S{Order.objects.count()}-{Account.objects.count()}", step_size=D("0.001"))
    set_quote(instrument, "99.99", "100.01")
    account = make_account(leverage=leverage)
    for step in sequence:
        take(account, instrument, step)
        check(account)


def take(account, instrument, step):
    kind, *rest = step
    try:
        if kind == "quote":
            set_quote(instrument, f"{rest[0]}.13", f"{rest[0]}.17")
            orders_match()
        elif kind == "cancel":
            order_cancel(order=Order.objects.filter(account=account).order_by("-id")[rest[0]])
        else:
            amount, price = D(rest[1]) + D("0.337"), D(rest[2]) + D("0.19") if kind == "limit" else None
            order_place(account=account, symbol=instrument.symbol, side=rest[0], type=kind, amount=amount, price=price)
    except (TradingError, IndexError):
        return  # refused: the books must hold all the same


def total_of(queryset, column):
    return queryset.aggregate(sum=Sum(column))["sum"] or D(0)


def check(account):
    account.refresh_from_db()
    positions, orders = Position.objects.filter(account=account), Order.objects.filter(account=account)
    entries, fills = LedgerEntry.objects.filter(account=account), Fill.objects.filter(account=account)
    assert account.total == account.used + account.free
    assert account.total == total_of(entries, "amount") == entries.order_by("-id")[0].balance_after
    assert account.used == total_of(orders, "reserved") + total_of(positions, "margin")
    assert total_of(fills, "realized_pnl") == total_of(positions, "realized_pnl")
    assert total_of(fills, "fee") == total_of(positions, "fees")
    assert account.total == D(100000) + total_of(fills, "realized_pnl") - total_of(fills, "fee")
    bought, sold = (total_of(fills.filter(side=side), "amount") for side in ("buy", "sell"))
    assert total_of(positions, "signed_amount") == bought - sold
