from datetime import UTC, datetime
from decimal import Decimal as D

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.trading.selectors.traded import add_fill
from trading.api.pagination import cursor_text
from trading.models import AccountReset, EquityPoint, Fill, User
from trading.services import order_place
from trading.wire import milliseconds

pytestmark = pytest.mark.django_db
LISTS = ("/fills", "/orders", "/history/orders", "/history/pnl", "/history/ledger")


@pytest.fixture
def fills(account, instrument):
    """Seven fills that closed quantity, the oldest first."""
    return [add_fill(account, instrument, str(number), closed="1", at=timezone.now()) for number in range(7)]


def every_page(caller, path, **query):
    items, cursor = [], {}
    while True:
        page = caller.get(path, **query, **cursor)
        items += page["items"]
        if "nextCursor" not in page:
            return items
        cursor = {"cursor": page["nextCursor"]}


def test_a_fill(reader, fills):
    newest = reader.get("/fills")["items"][0]
    assert newest == {
        "id": str(fills[-1].pk),
        "account": "paper",
        "order": str(fills[-1].order_id),
        "symbol": "AAPL",
        "side": "sell",
        "price": "100",
        "amount": "1",
        "closedAmount": "1",
        "cost": "100",
        "fee": "1",
        "realizedPnl": "6",
        "netPnl": "5",
        "takerOrMaker": "taker",
        "beforeReset": False,
        "timestamp": milliseconds(fills[-1].created_at),
    }


@pytest.mark.parametrize("path", ["/fills", "/orders", "/history/orders", "/history/pnl"])
@pytest.mark.parametrize("limit", [1, 3, 7, 500])
def test_the_pages_together_are_the_whole(reader, fills, path, limit):
    whole = reader.get(path)["items"]
    assert len(whole) == 7
    assert every_page(reader, path, limit=limit) == whole


def test_what_is_added_meanwhile_neither_repeats_nor_hides_a_row(reader, account, instrument, fills):
    whole = reader.get("/fills")["items"]
    page = reader.get("/fills", limit=3)
    add_fill(account, instrument)
    assert page["items"] + reader.get("/fills", cursor=page["nextCursor"])["items"] == whole


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["x", "", "=", "a" * 99, "\u00fc", cursor_text("elsewhere", 5), "ZmlsbHMuMDU"])
def test_a_cursor_of_another_list_is_refused(reader, path, cursor):
    assert reader.code("GET", path, cursor=cursor) == (422, "invalid_cursor")


def test_the_pnl_history_has_closing_fills_only(reader, account, instrument, fills):
    opened = add_fill(account, instrument)
    ids = {item["id"] for item in reader.get("/history/pnl")["items"]}
    assert ids == {str(fill.pk) for fill in fills}
    assert str(opened.pk) in {item["id"] for item in reader.get("/fills")["items"]}


def test_the_order_history_by_status(reader, account, instrument):
    place = {"account": account, "symbol": "AAPL", "side": "buy", "amount": D(1)}
    order_place(**place, type="market")
    order_place(**place, type="limit", price=D(90))
    assert [item["status"] for item in reader.get("/history/orders")["items"]] == ["open", "closed"]
    assert [item["type"] for item in reader.get("/history/orders", status="closed")["items"]] == ["market"]
    assert [item["type"] for item in reader.get("/history/orders", status="open")["items"]] == ["limit"]
    assert reader.get("/history/orders", status="expired")["items"] == []


def test_from_and_before_are_exact_to_the_millisecond(reader, account, instrument):
    fill = add_fill(account, instrument, at=datetime(2026, 11, 19, 12, 0, 0, 5000, tzinfo=UTC))
    at = milliseconds(fill.created_at)
    assert len(reader.get("/fills", since=at)["items"]) == 1
    assert reader.get("/fills", since=at + 1)["items"] == []
    assert reader.get("/fills", until=at)["items"] == []
    assert len(reader.get("/fills", until=at + 1, since=at, symbol="AAPL", side="sell")["items"]) == 1
    assert reader.get("/fills", symbol="MSFT")["items"] == reader.get("/fills", side="buy")["items"] == []


def test_the_ledger_explains_the_total(reader, account, instrument):
    order_place(account=account, symbol="AAPL", side="buy", type="market", amount=D(10))
    fee, deposit = reader.get("/history/ledger")["items"]
    fill = Fill.objects.get()
    expected = {"kind": "fee", "amount": "-1.01", "balanceAfter": "99998.99", "fill": str(fill.pk), "symbol": "AAPL"}
    assert expected.items() <= fee.items()
    assert (deposit["kind"], deposit["amount"], "fill" in deposit) == ("deposit", "100000", False)
    assert reader.get("/history/ledger", kind="fee")["items"] == [fee]


def test_what_was_before_a_reset_is_marked(reader, account, fills):
    AccountReset.objects.create(account=account, total_before=1, deposit=1, last_fill_id=fills[-1].pk)
    assert all(item["beforeReset"] for item in reader.get("/fills")["items"])


def test_nobody_sees_the_history_of_others(stranger, fills):
    for path in LISTS[:-1]:
        assert stranger.get(path)["items"] == []


@pytest.mark.parametrize("path", LISTS)
def test_a_page_costs_the_same_queries_however_long_the_history(reader, account, instrument, path):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            reader.get(path)
        return len(captured)

    reader.get(path)  # which notes the token's use
    empty = queries()
    for _ in range(60):
        add_fill(account, instrument, "5")
    assert queries() == empty == 3  # the token with its user, the accounts, the rows


def test_the_summary(reader, account, instrument):
    for realized, fee in (("30", "1"), ("-8", "0.5"), ("0", "0.1")):
        add_fill(account, instrument, realized, fee, at=timezone.now())
    found = reader.get("/summary")
    expected = {
        "fills": 3,
        "trades": 2,
        "wins": 1,
        "losses": 1,
        "volume": "300",
        "realizedPnl": "22",
        "fees": "1.6",
        "netPnl": "20.4",
        "winRate": "50",
        "averageWin": "29",
        "averageLoss": "-8.5",
        "best": "29",
        "worst": "-8.5",
    }
    assert found["all"] == expected
    assert expected.items() <= found["today"].items()
    assert found["today"]["since"] == milliseconds(timezone.now().replace(hour=0, minute=0, second=0, microsecond=0))
    assert {name for name in found if isinstance(found[name], dict)} == {"today", "week", "month", "year", "all"}


def test_an_empty_summary_has_no_averages(reader):
    found = reader.get("/summary")["all"]
    assert (found["trades"], found["netPnl"]) == (0, "0")
    assert not {"winRate", "averageWin", "averageLoss", "best", "worst"} & set(found)


def test_the_traders_zone_decides_when_a_day_begins(reader, user):
    utc = reader.get("/summary")["today"]["since"]
    User.objects.filter(pk=user.pk).update(time_zone="Asia/Kolkata")
    found = reader.get("/summary")
    assert found["timeZone"] == "Asia/Kolkata"
    assert (found["today"]["since"] - utc) % 86_400_000 == 66_600_000  # midnight there is 18:30 UTC


def test_statistics_by_symbol(reader, account, instrument):
    add_fill(account, instrument, "5", at=timezone.now())
    add_fill(account, instrument, "7", at=datetime(2020, 1, 1, tzinfo=UTC))
    (everything,) = reader.get("/stats")["items"]
    (today,) = reader.get("/stats", period="today")["items"]
    assert (everything["symbol"], everything["netPnl"], today["netPnl"]) == ("AAPL", "10", "4")
    assert reader.code("GET", "/stats", period="decade") == (422, "invalid_request")


def test_the_equity_curve(reader, account):
    at = datetime(2026, 11, 19, 12, tzinfo=UTC)
    EquityPoint.objects.create(account=account, interval="15m", at=at, equity="100000.5")
    point = {"timestamp": milliseconds(at), "equity": "100000.5"}
    assert reader.get("/equity") == {"account": "paper", "interval": "15m", "items": [point]}
    assert reader.get("/equity", interval="1d")["items"] == []
    assert reader.get("/equity", since=milliseconds(at) + 1)["items"] == []
    assert reader.code("GET", "/equity", interval="1w") == (422, "invalid_request")
