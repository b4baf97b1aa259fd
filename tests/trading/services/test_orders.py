from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from tests.trading.rows import make_instrument, set_quote
from trading.errors import TradingError
from trading.models import Account, Fill, Instrument, Order, Position, Quote
from trading.services import order_amend, order_cancel, order_place

pytestmark = pytest.mark.django_db


def place(account, side, amount, price=None, **more):
    kind = "market" if price is None else "limit"
    return order_place(
        account=account,
        symbol="AAPL",
        side=side,
        type=kind,
        amount=D(amount),
        price=None if price is None else D(price),
        **more,
    )


def refused(account, *args, **more):
    """The code of the error; nothing is written."""
    before = Order.objects.count(), Account.objects.get(pk=account.pk).used
    with pytest.raises(TradingError) as caught:
        place(account, *args, **more)
    assert (Order.objects.count(), Account.objects.get(pk=account.pk).used) == before
    return caught.value.code


def test_a_market_buy_fills_at_the_ask_as_taker(account, instrument):
    order = place(account, "buy", 10)
    fill, position = Fill.objects.get(), Position.objects.get()
    account.refresh_from_db()
    assert (order.status, order.filled, order.average) == ("filled", D(10), D(101))
    assert (fill.price, fill.cost, fill.fee, fill.taker_or_maker) == (D(101), D(1010), D("1.01"), "taker")
    assert (position.signed_amount, position.open_cost, position.margin) == (D(10), D(1010), D(1010))
    assert (account.total, account.used, account.free) == (D("99998.99"), D(1010), D("98988.99"))


def test_a_market_sell_fills_at_the_bid(account, instrument):
    place(account, "sell", 10)
    assert Fill.objects.get().price == D(99)
    assert Position.objects.get().signed_amount == D(-10)


def test_closing_books_profit_and_frees_the_margin(account, instrument):
    place(account, "buy", 10)
    set_quote(instrument, "111", "113")
    place(account, "sell", 10)
    account.refresh_from_db()
    assert account.used == 0
    assert account.total == D(100000) + D(100) - D("1.01") - D("1.11")
    kinds = list(account.ledger.order_by("id").values_list("kind", "amount"))
    assert kinds == [("deposit", D(100000)), ("fee", D("-1.01")), ("realized_pnl", D(100)), ("fee", D("-1.11"))]


def test_a_flip_turns_the_position_at_the_fill_price(account, instrument):
    place(account, "buy", 10)
    opened = Position.objects.get().opened_at
    place(account, "sell", 25)
    position = Position.objects.get()
    assert (position.signed_amount, position.open_cost) == (D(-15), D(1485))
    assert position.realized_pnl == D(-20)
    assert position.opened_at >= opened


def test_leverage_divides_the_margin_but_not_beyond_the_instruments(account, instrument):
    Account.objects.update(leverage=9)
    place(account, "buy", 10)
    position = Position.objects.get()
    assert (position.leverage, position.margin) == (5, D(202))


def test_a_limit_order_that_crosses_fills_at_the_quote(account, instrument):
    order = place(account, "buy", 10, price="105")
    assert (order.status, Fill.objects.get().price, Fill.objects.get().taker_or_maker) == ("filled", D(101), "taker")


def test_a_limit_order_away_from_the_quote_rests_and_reserves(account, instrument):
    order = place(account, "buy", 10, price="90")
    account.refresh_from_db()
    assert (order.status, order.reserved) == ("new", D("900.9"))
    assert (account.total, account.used, account.free) == (D(100000), D("900.9"), D("99099.1"))


def test_canceling_releases_the_reservation(account, instrument):
    order = order_cancel(order=place(account, "buy", 10, price="90"))
    account.refresh_from_db()
    assert (order.status, order.reserved, account.used) == ("canceled", 0, 0)


def test_only_an_open_order_can_be_canceled(account, instrument):
    order = place(account, "buy", 10)
    with pytest.raises(TradingError) as caught:
        order_cancel(order=order)
    assert caught.value.code == "not_open"


def test_a_canceled_remainder_keeps_what_was_filled(account, instrument):
    order = place(account, "buy", 10, price="90")
    Order.objects.update(status="partially_filled", filled=D(4), cost=D(360))
    order = order_cancel(order=order)
    assert (order.status, order.filled, order.reserved) == ("canceled", D(4), 0)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (("hold", 10), "invalid_side"),
        (("buy", 0), "invalid_amount"),
        (("buy", -1), "invalid_amount"),
        (("buy", "NaN"), "invalid_amount"),
        (("buy", "0.000000001"), "invalid_amount"),
        (("buy", "1.5"), "amount_off_step"),
        (("buy", 10, "90.005"), "price_off_tick"),
        (("buy", 10, "-1"), "invalid_price"),
        (("buy", 1, "9.99"), "below_minimum_notional"),
        (("buy", 991), "insufficient_margin"),
        (("sell", 1011), "insufficient_margin"),
        (("buy", 1111, "90"), "insufficient_margin"),
        (("buy", 9999999999), "amount_too_large"),
    ],
)
def test_a_refused_order_says_why(account, instrument, order, code):
    assert refused(account, *order) == code


def test_all_free_money_can_be_used(account, instrument):
    assert place(account, "buy", 989).status == "filled"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "NONE"}, "unknown_symbol"),
        ({"symbol": "\x00"}, "unknown_symbol"),
        ({"type": "stop"}, "invalid_type"),
        ({"price": D(100)}, "price_not_allowed"),
        ({"type": "limit"}, "price_required"),
        ({"client_order_id": "x" * 65}, "invalid_client_order_id"),
        ({"client_order_id": "a\x00"}, "invalid_client_order_id"),
    ],
)
def test_a_malformed_order_says_why(account, instrument, change, code):
    with pytest.raises(TradingError) as caught:
        order_place(**{"account": account, "symbol": "AAPL", "side": "buy", "type": "market", "amount": D(1), **change})
    assert caught.value.code == code


def test_a_halted_instrument_takes_no_orders(account, instrument):
    Instrument.objects.update(halted=True)
    assert refused(account, "buy", 1) == "halted"


def test_an_old_quote_is_not_traded_on(account, instrument):
    Quote.objects.update(updated_at=timezone.now() - timedelta(seconds=11))
    assert refused(account, "buy", 1) == "stale_market"
    assert refused(account, "buy", 1, "90") == "stale_market"


def test_an_instrument_without_a_quote_is_not_traded(account, instrument):
    Quote.objects.all().delete()
    assert refused(account, "buy", 1) == "stale_market"


def test_a_reducing_order_needs_no_free_money(account, instrument):
    place(account, "buy", 989)
    set_quote(instrument, "1", "2")
    assert place(account, "sell", 989).status == "filled"
    account.refresh_from_db()
    assert account.used == 0
    assert account.total == D(account.ledger.order_by("-id").first().balance_after)


def test_a_closing_limit_order_reserves_only_its_fee(account, instrument):
    place(account, "buy", 10)
    first = place(account, "sell", 10, price="120")
    second = place(account, "sell", 10, price="120")
    assert (first.reserved, second.reserved) == (D("1.2"), D("1201.2"))


def test_the_same_client_order_id_and_body_is_the_same_order(account, instrument):
    first = place(account, "buy", 10, client_order_id="a-1")
    Quote.objects.all().delete()  # an answer that was lost must be found again, whatever the market does
    assert place(account, "buy", "10.0", client_order_id="a-1") == first
    assert Fill.objects.count() == 1


def test_an_order_from_before_digests_were_kept_is_found_again(account, instrument):
    first = place(account, "buy", 10, "90", client_order_id="a-1")
    Order.objects.update(request_digest="")
    assert place(account, "buy", 10, "90", client_order_id="a-1") == first
    assert refused(account, "buy", 11, "90", client_order_id="a-1") == "duplicate_client_order_id"


def test_an_amended_order_is_still_found_by_what_was_asked_for(account, instrument):
    first = place(account, "buy", 10, "90", client_order_id="a-1")
    order_amend(order=first, price=D(80))
    assert place(account, "buy", 10, "90", client_order_id="a-1") == first
    assert refused(account, "buy", 10, "80", client_order_id="a-1") == "duplicate_client_order_id"


@pytest.mark.parametrize("other", [("sell", 10), ("buy", 11), ("buy", 10, "101")])
def test_a_client_order_id_is_not_reused_for_another_order(account, instrument, other):
    place(account, "buy", 10, client_order_id="a-1")
    assert refused(account, *other, client_order_id="a-1") == "duplicate_client_order_id"


def test_instruments_do_not_mix(account, instrument):
    set_quote(make_instrument("MSFT"), "49", "51")
    place(account, "buy", 10)
    order_place(account=account, symbol="MSFT", side="sell", type="market", amount=D(5))
    held = dict(Position.objects.values_list("instrument__symbol", "signed_amount"))
    assert held == {"AAPL": D(10), "MSFT": D(-5)}


@pytest.mark.parametrize("service", ["place", "cancel"])
def test_services_nudge_the_owner_on_every_account_feed(account, instrument, monkeypatch, service):
    order = place(account, "buy", 10, price="90")
    nudges = []
    monkeypatch.setattr("trading.services.accounts.nudge", lambda users, feeds: nudges.append((users, tuple(feeds))))
    if service == "place":
        place(account, "buy", 10)
    else:
        order_cancel(order=order)
    assert nudges == [([account.user_id], ("balance", "positions", "pnl", "orders", "fills"))]


@pytest.mark.parametrize(
    ("amount", "price", "message"),
    [
        ("0E-8", None, "Amount must be above 0; found 0."),
        ("0.50000000", None, "The amount must be a multiple of 1; found 0.5."),
        ("1", "50.00500000", "The price must be a multiple of 0.01; found 50.005."),
        ("1", "5", "Price times amount must be at least 10; found 5."),
        ("1000", None, "The order needs 101101 USD of free money; found 100000."),
        ("3000", "50", "The order reserves 150150 USD; found 100000 free."),
    ],
)
def test_a_refusal_is_a_sentence_with_plain_numbers(account, instrument, amount, price, message):
    with pytest.raises(TradingError) as caught:
        place(account, "buy", amount, price)
    assert caught.value.message == message
