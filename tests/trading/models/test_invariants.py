from datetime import UTC, datetime
from decimal import Decimal as D

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from tests.trading.rows import bulk_trades, make_instrument, make_user, set_quote
from trading.models import Account, Candle, Fill, Instrument, LedgerEntry, Order, Position, Quote

pytestmark = pytest.mark.django_db


def test_an_account_keeps_its_name(account):
    account.name = "other"
    with pytest.raises(ValueError, match="'paper'"):
        account.save()
    account.refresh_from_db()
    assert account.name == "paper"


def test_other_fields_of_an_account_are_saved(account):
    account.leverage = 3
    account.save()
    account.refresh_from_db()
    assert account.leverage == 3


def test_a_user_has_no_two_accounts_of_one_name(account):
    with pytest.raises(IntegrityError):
        Account.objects.create(user=account.user, name="paper", day_started=account.day_started)


def test_the_ledger_is_append_only(account):
    entry = account.ledger.get()
    entry.amount = D(1)
    with pytest.raises(TypeError, match="append-only"):
        entry.save()
    with pytest.raises(TypeError, match="append-only"):
        entry.delete()
    assert LedgerEntry.objects.get(pk=entry.pk).amount == D(100000)


def test_bid_is_never_above_ask(instrument):
    with pytest.raises(IntegrityError):
        Quote.objects.update(bid=D("101.01"))


@pytest.mark.parametrize("wrong", [{"low": D(11)}, {"high": D(9)}, {"close": D(13)}, {"volume": D(-1)}])
def test_a_candle_spans_its_prices(instrument, wrong):
    prices = {"open": D(10), "high": D(12), "low": D(9), "close": D(11), "volume": D(1), **wrong}
    with pytest.raises(IntegrityError):
        Candle.objects.create(instrument=instrument, interval="1m", start=datetime(2005, 3, 1, tzinfo=UTC), **prices)


@pytest.mark.parametrize(
    "wrong",
    [
        {"filled": D(6)},
        {"filled": D(-1)},
        {"amount": D(0)},
        {"price": None},
        {"price": D(0)},
        {"reserved": D(-1)},
        {"status": "canceled", "reserved": D(1)},
        {"status": "filled"},
        {"status": "gone"},
        {"side": "both"},
        {"type": "stop_market"},
        {"type": "market"},
        {"trigger_price": D(9)},
        {"closing": D(6)},
        {"closing": D(-1)},
        {"status": "canceled", "closing": D(1)},
        {"take_profit": D(0)},
        {"stop_loss": D(-1)},
        {"origin": "nobody"},
    ],
)
def test_an_impossible_order_is_refused(account, instrument, wrong):
    bulk_trades([account], instrument)
    with pytest.raises(IntegrityError):
        Order.objects.update(**wrong)


def test_a_flat_position_costs_nothing(account, instrument):
    bulk_trades([account], instrument)
    with pytest.raises(IntegrityError):
        Position.objects.update(signed_amount=0)


def test_a_flat_position_has_no_protection(account, instrument):
    flat = Position.objects.create(account=account, instrument=instrument)
    with pytest.raises(IntegrityError):
        Position.objects.filter(pk=flat.pk).update(stop_loss=D(1))


def test_a_trade_is_recorded_once(account, instrument):
    bulk_trades([account], instrument, fills_each=1)
    fill = Fill.objects.get()
    fill.pk = None
    with pytest.raises(IntegrityError):
        Fill.objects.bulk_create([fill])


def test_orders_without_a_client_order_id_do_not_collide(account, instrument):
    bulk_trades([account], instrument)
    order = Order.objects.get()
    order.pk, order._state.adding = None, True
    order.save()
    assert Order.objects.filter(client_order_id=None).count() == 2


def test_an_instrument_needs_a_tick():
    with pytest.raises(IntegrityError):
        make_instrument(tick_size=D(0))


@pytest.mark.parametrize("wrong", [{"slippage_rate": D(1)}, {"maintenance_margin_rate": D("-0.01")}])
def test_rates_are_fractions(wrong):
    with pytest.raises(IntegrityError):
        make_instrument(**wrong)


def test_a_position_at_the_highest_leverage_is_above_maintenance_when_it_opens():
    instrument = make_instrument(maximum_leverage=20, maintenance_margin_rate=D("0.05"))
    with pytest.raises(ValidationError, match=r"less than 1 / maximum leverage \(20\); found 0.05"):
        instrument.full_clean()
    instrument.maintenance_margin_rate = D("0.049")
    instrument.full_clean()


def test_an_order_knows_what_is_left_and_its_average():
    order = Order(amount=D(5), filled=D(2), cost=D(21))
    assert (order.remaining, order.average) == (D(3), D("10.5"))
    assert Order(amount=D(5)).average is None


def test_a_time_zone_must_exist():
    user = make_user()
    user.time_zone = "Europe/Wien"
    with pytest.raises(ValidationError, match="IANA"):
        user.full_clean()


def test_rows_have_readable_names(account, instrument):
    quote = set_quote(instrument, "99", "101")
    bulk_trades([account], instrument, fills_each=1)
    assert str(Instrument.objects.get()) == "AAPL"
    assert "99" in str(quote)
    assert all(str(model.objects.first()) for model in (Account, Order, Fill, Position, LedgerEntry))
