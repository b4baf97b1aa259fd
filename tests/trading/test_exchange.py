from datetime import datetime

import pytest

from trading.exchange import session_close


@pytest.mark.parametrize(
    ("moment", "close"),
    [
        ("2012-05-18T13:30:00+00:00", "2012-05-18T20:00:00+00:00"),
        ("2012-05-18T20:00:00+00:00", "2012-05-18T20:00:00+00:00"),
        ("2012-05-19T02:00:00+00:00", "2012-05-18T20:00:00+00:00"),  # still the 18th in New York
        ("2012-12-18T15:00:00+00:00", "2012-12-18T21:00:00+00:00"),
    ],
)
def test_a_day_ends_at_four_in_new_york(moment, close):
    assert session_close(datetime.fromisoformat(moment)) == datetime.fromisoformat(close)
