from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from trading.wire import decimal_text, milliseconds, optional_text, present


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0E-8", "0"),
        ("-0", "0"),
        ("100.00000000", "100"),
        ("1E+2", "100"),
        ("-0.50000000", "-0.5"),
        ("1E-8", "0.00000001"),
        ("9999999999.99999999", "9999999999.99999999"),
        ("12345678.00000001", "12345678.00000001"),
    ],
)
def test_decimals_are_canonical(value, text):
    assert decimal_text(Decimal(value)) == text


def test_integers_are_text_too():
    assert (decimal_text(0), decimal_text(10)) == ("0", "10")


def test_times_are_whole_milliseconds_of_utc():
    vienna = timezone(timedelta(hours=1))
    assert milliseconds(datetime(1970, 1, 1, 1, 0, 1, 999999, tzinfo=vienna)) == 1999
    assert milliseconds(datetime(2026, 1, 1, tzinfo=UTC)) == 1767225600000


def test_an_absent_value_is_an_absent_key():
    assert present(a=0, b=None, c=False, d=optional_text(None)) == {"a": 0, "c": False}
