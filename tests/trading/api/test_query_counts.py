import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.trading.rows import bulk_trades, make_instrument, set_quote
from trading.models import Account
from trading.services import account_open

pytestmark = pytest.mark.django_db
# The token with its user is one of them; a named account is another.
QUERIES = {
    "/user": 1,
    "/accounts": 2,
    "/accounts/paper": 2,
    "/balance": 2,
    "/positions": 4,
    "/pnl": 3,
    "/orders": 3,
    "/history/orders": 3,
    "/fills": 3,
    "/history/pnl": 3,
    "/history/ledger": 3,
    "/summary": 3,
    "/stats": 3,
    "/equity": 3,
    "/symbols": 2,
    "/instruments": 2,
    "/tickers": 3,
    "/tokens": 2,
}


@pytest.mark.parametrize("path", QUERIES)
def test_a_read_costs_the_same_queries_however_much_there_is(reader, user, instrument, path):
    reader.get(path)  # which notes the token's use
    for more in (True, False):
        with CaptureQueriesContext(connection) as captured:
            reader.get(path)
        assert len(captured) == QUERIES[path]
        for number in range(5 if more else 0):
            account_open(user=user, name=f"account-{number}")
            set_quote(make_instrument(f"S{number}"), "99", "101")
        if more:
            bulk_trades(list(Account.objects.filter(user=user)), instrument, fills_each=20)
