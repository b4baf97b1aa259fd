from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from trading.conf import stale_market_after, stale_market_seconds


def test_a_quote_is_stale_after_ten_seconds_by_default():
    assert stale_market_seconds() == 10


def test_the_setting_overrides_the_default(settings):
    settings.TRADING = {"STALE_MARKET_SECONDS": 2}
    assert stale_market_after() == timedelta(seconds=2)


def test_a_misspelt_setting_is_named(settings):
    settings.TRADING = {"STALE_SECONDS": 2}
    with pytest.raises(ImproperlyConfigured, match="STALE_SECONDS"):
        stale_market_seconds()
