import pytest
from django.urls import reverse

from tests.trading.rows import bulk_accounts, bulk_trades, make_account
from trading.admin import instrument as instrument_admin
from trading.models import Order, Position


@pytest.fixture
def nudged(monkeypatch):
    users = []
    monkeypatch.setattr(instrument_admin, "nudge", users.extend)
    return users


def save(admin, instrument, **values):
    names = (
        "name",
        "tick_size",
        "step_size",
        "minimum_notional",
        "maker_fee_rate",
        "taker_fee_rate",
        "slippage_rate",
        "maintenance_margin_rate",
        "maximum_leverage",
    )
    fields = {name: getattr(instrument, name) for name in names}
    page = reverse("admin:trading_instrument_change", args=[instrument.pk])
    return admin.post(page, {**fields, **values})


def test_halting_is_pushed_to_those_who_hold_it_or_have_orders_in_it(admin, instrument, nudged):
    holder, orderer, past = bulk_accounts(3)
    make_account()
    bulk_trades([holder, orderer, past], instrument)
    Order.objects.exclude(account=orderer).update(status="canceled")
    Position.objects.exclude(account=holder).update(signed_amount=0, open_cost=0, margin=0)
    assert save(admin, instrument, halted="on").status_code == 302
    instrument.refresh_from_db()
    assert instrument.halted
    assert sorted(nudged) == sorted([holder.user_id, orderer.user_id])


def test_the_symbol_is_fixed(admin, instrument, nudged):
    save(admin, instrument, symbol="OTHER")
    instrument.refresh_from_db()
    assert instrument.symbol == "AAPL"
