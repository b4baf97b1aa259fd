import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pushers.registry import feeds, symbol_feed
from tests.trading.rows import bulk_accounts, bulk_trades, make_instrument, set_quote

pytestmark = pytest.mark.django_db
QUERIES = {"balance": 1, "positions": 1, "pnl": 2, "orders": 1, "fills": 1}


@pytest.mark.parametrize("name", QUERIES)
def test_a_fetch_costs_the_same_queries_for_1_and_1000_users(name, instrument):
    accounts = bulk_accounts(1000)
    bulk_trades(accounts, instrument)
    for number in (1, 10, 1000):
        user_ids = [account.user_id for account in accounts[:number]]
        with CaptureQueriesContext(connection) as captured:
            documents = feeds()[name].fetch(user_ids)
        assert len(captured) == QUERIES[name]
        assert len(documents) == number
        assert all(documents.values())


def test_a_ticker_fetch_costs_one_query_for_1_and_100_symbols():
    symbols = [f"S{number}" for number in range(100)]
    for symbol in symbols:
        set_quote(make_instrument(symbol), "99", "101")
    for number in (1, 10, 100):
        with CaptureQueriesContext(connection) as captured:
            assert len(symbol_feed().fetch(symbols[:number])) == number
        assert len(captured) == 1
