import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import pytest
from django.utils import timezone

from pushers import FeedStale
from pushers.registry import feeds, symbol_feed
from tests.trading.rows import make_account, make_instrument, make_user, set_quote
from trading.models import Account, Fill, Order, Position, Quote, User
from trading.services import account_erase, account_open, account_reset, order_place
from trading.wire import milliseconds

pytestmark = pytest.mark.django_db
ACCOUNT_FEEDS = {"balance": 10, "positions": 5, "pnl": 5, "orders": 15, "fills": 15}


def document(name, account):
    return feeds()[name].fetch([account.user_id])[account.user_id]


def place(account, side, amount, price=None, symbol="AAPL", **more):
    kind = "market" if price is None else "limit"
    return order_place(
        account=account, symbol=symbol, side=side, type=kind, amount=D(amount), price=price and D(price), **more
    )


def test_the_feeds_and_their_intervals():
    assert {name: feeds()[name].interval for name in ACCOUNT_FEEDS} == ACCOUNT_FEEDS
    assert (symbol_feed().name, symbol_feed().interval) == ("ticker", 2)


@pytest.mark.parametrize("name", ACCOUNT_FEEDS)
def test_a_user_without_accounts_has_an_empty_document(name):
    user = make_user()
    account_erase(account=user.accounts.get(), reason="a test")
    assert feeds()[name].fetch([user.pk]) == {user.pk: {}}


@pytest.mark.parametrize("name", ACCOUNT_FEEDS)
def test_every_id_asked_for_is_a_key_and_no_other(name, account):
    stranger = make_account()
    assert set(feeds()[name].fetch([account.user_id, 999_999])) == {account.user_id, 999_999}
    assert stranger.user_id not in feeds()[name].fetch([account.user_id])


def test_balance(account, instrument):
    place(account, "buy", 10, "90")
    assert document("balance", account) == {
        "paper": {"currency": "USD", "total": "100000", "used": "900.9", "free": "99099.1"}
    }


def test_positions(account, instrument):
    place(account, "sell", 3)
    position = Position.objects.get()
    Position.objects.update(stop_loss=D("120.5"))
    assert document("positions", account) == {
        str(position.pk): {
            "account": "paper",
            "symbol": "AAPL",
            "side": "short",
            "contracts": "3",
            "entryPrice": "99",
            "leverage": "1",
            "stopLoss": "120.5",
            "timestamp": milliseconds(position.opened_at),
        }
    }


def test_a_flat_position_leaves_the_document(account, instrument):
    place(account, "buy", 3)
    place(account, "sell", 3)
    assert document("positions", account) == {}


def test_nothing_in_positions_moves_with_the_market(account, instrument):
    place(account, "buy", 3)
    before = document("positions", account)
    set_quote(instrument, "120", "121")
    assert document("positions", account) == before


def test_pnl(account, instrument):
    Account.objects.update(leverage=4)
    place(account, "buy", 10)  # at 101, fee 1.01
    set_quote(instrument, "103", "104")  # mark 103.5
    assert document("pnl", account) == {
        "paper": {
            "equity": "100023.99",
            "unrealizedPnl": "25",
            "realizedPnl": "0",
            "dayPnl": "23.99",
            "fees": "1.01",
            "positions": {
                "AAPL": {
                    "side": "long",
                    "contracts": "10",
                    "entryPrice": "101",
                    "markPrice": "103.5",
                    "unrealizedPnl": "25",
                    "percentage": "9.9009901",
                }
            },
        }
    }


def test_pnl_says_where_liquidation_begins(account, instrument):
    Account.objects.update(total=D(1000), leverage=5)
    place(account, "buy", 40)  # 995.96 + 40 (m - 101) = 0.05 * 40 m
    assert document("pnl", account)["paper"]["positions"]["AAPL"]["liquidationPrice"] == "80.10631579"


def test_a_waiting_stop_order_is_open(account, instrument):
    order = order_place(
        account=account, symbol="AAPL", side="buy", type="stop_market", amount=D(1), trigger_price=D(120)
    )
    found = document("orders", account)[str(order.pk)]
    assert (found["type"], found["triggerPrice"], found["status"]) == ("stop_market", "120", "open")
    assert "price" not in found


def test_pnl_keeps_what_closed_positions_earned(account, instrument):
    place(account, "buy", 10)
    place(account, "sell", 10)
    found = document("pnl", account)["paper"]
    assert (found["realizedPnl"], found["fees"], found["positions"]) == ("-20", "2", {})


def test_a_tick_of_the_market_changes_only_volatile_keys(account, instrument):
    place(account, "buy", 10)
    before = document("pnl", account)["paper"]
    set_quote(instrument, "110", "111")
    after = document("pnl", account)["paper"]
    changed = {key for key in before if before[key] != after[key]} - {"positions"}
    changed |= {key for key, value in before["positions"]["AAPL"].items() if after["positions"]["AAPL"][key] != value}
    assert changed == {"equity", "unrealizedPnl", "dayPnl", "markPrice", "percentage"}
    assert changed <= feeds()["pnl"].volatile


@pytest.mark.parametrize("quote", ["old", "missing"])
def test_pnl_on_an_unknown_mark_is_stale_for_its_holder_alone(account, instrument, quote):
    place(account, "buy", 10)
    other = make_account()
    if quote == "old":
        Quote.objects.update(updated_at=timezone.now() - timedelta(seconds=11))
    else:
        Quote.objects.all().delete()
    found = feeds()["pnl"].fetch([account.user_id, other.user_id])
    assert isinstance(found[account.user_id], FeedStale)
    assert found[account.user_id].reason == "market_stale"
    assert found[other.user_id]["paper"]["equity"] == "100000"


def test_a_flat_position_does_not_need_a_mark(account, instrument):
    place(account, "buy", 10)
    place(account, "sell", 10)
    Quote.objects.all().delete()
    assert document("pnl", account)["paper"]["realizedPnl"] == "-20"


def test_orders(account, instrument):
    order = place(account, "buy", 10, "90", client_order_id="mine-1")
    Order.objects.update(status="partially_filled", filled=D(3), cost=D(269))
    order.refresh_from_db()
    found = document("orders", account)
    assert found == {
        str(order.pk): {
            "account": "paper",
            "clientOrderId": "mine-1",
            "symbol": "AAPL",
            "type": "limit",
            "side": "buy",
            "price": "90",
            "amount": "10",
            "filled": "3",
            "remaining": "7",
            "average": "89.66666667",
            "status": "open",
            "timeInForce": "GTC",
            "reduceOnly": False,
            "timestamp": milliseconds(order.created_at),
            "lastUpdateTimestamp": milliseconds(order.updated_at),
        }
    }


def test_only_open_orders_are_shown(account, instrument):
    place(account, "buy", 10)
    assert document("orders", account) == {}


def test_fills(account, instrument):
    order = place(account, "buy", 10)
    fill = Fill.objects.get()
    assert document("fills", account) == {
        str(fill.pk): {
            "account": "paper",
            "order": str(order.pk),
            "symbol": "AAPL",
            "side": "buy",
            "price": "101",
            "amount": "10",
            "cost": "1010",
            "fee": "1.01",
            "realizedPnl": "0",
            "takerOrMaker": "taker",
            "timestamp": milliseconds(fill.created_at),
            "marketTime": milliseconds(Quote.objects.get().market_time),
        }
    }


def test_a_fill_at_no_quote_has_no_market_time(account, instrument):
    place(account, "buy", 10)
    account_reset(account=account)  # which closes the position
    newest, first = Fill.objects.order_by("-id")
    entries = document("fills", account)
    assert "marketTime" not in entries[str(newest.pk)]
    assert "marketTime" in entries[str(first.pk)]


def test_accounts_of_one_user_may_hold_the_same_symbol(account, instrument):
    second = account_open(user=User.objects.get(pk=account.user_id), name="second")
    place(account, "buy", 10)
    place(second, "sell", 5)
    found = document("pnl", account)
    sides = {name: entry["positions"]["AAPL"]["side"] for name, entry in found.items()}
    assert sides == {"paper": "long", "second": "short"}
    assert sorted(entry["account"] for entry in document("positions", account).values()) == ["paper", "second"]


def test_ticker(instrument):
    set_quote(instrument, "99", "101", previous_close=D(80), volume=D("1234.5"), high=D(102))
    Quote.objects.update(market_time=datetime(2008, 10, 6, 15, 30, tzinfo=UTC))
    assert symbol_feed().fetch(["AAPL", "NONE"]) == {
        "AAPL": {
            "symbol": "AAPL",
            "bid": "99",
            "ask": "101",
            "last": "100",
            "markPrice": "100",
            "open": "100",
            "high": "102",
            "low": "100",
            "change": "20",
            "percentage": "25",
            "baseVolume": "1234.5",
            "marketTime": 1223307000000,
            "timestamp": milliseconds(Quote.objects.get().updated_at),
        }
    }


def test_a_ticker_whose_quote_is_too_old_is_stale(instrument):
    set_quote(instrument, "99", "101", updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    found = symbol_feed().fetch(["AAPL"])["AAPL"]
    assert found.reason == "market_stale"
    assert found.document["last"] == "100"


@pytest.mark.parametrize("symbol", ["\x00", "\ud800", "' OR 1=1 --", "x" * 10_000, ""])
def test_a_forged_symbol_is_unknown(instrument, symbol):
    assert symbol_feed().known([symbol, "AAPL"]) == {"AAPL"}


def test_a_symbol_is_known_before_its_first_quote(instrument):
    make_instrument("MSFT")
    assert symbol_feed().known(["MSFT", "AAPL", "NONE"]) == {"MSFT", "AAPL"}
    assert set(symbol_feed().fetch(["MSFT", "AAPL"])) == {"AAPL"}


@pytest.mark.parametrize("name", ACCOUNT_FEEDS)
def test_documents_are_json_without_nulls_floats_and_arrays(name, account, instrument):
    place(account, "buy", 10)
    place(account, "buy", 10, "90")

    def check(value):
        assert isinstance(value, dict | str | int), value
        for inner in value.values() if isinstance(value, dict) else ():
            check(inner)

    found = document(name, account)
    check(found)
    assert json.loads(json.dumps(found)) == found != {}
