from decimal import Decimal as D
from gettext import NullTranslations

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from trading.errors import TradingError
from trading.services import order_place

ENGLISH = "The price must be a multiple of %(tick)s; found %(price)s."
GERMAN = "%(price)s ist kein Vielfaches von %(tick)s."


class German(NullTranslations):
    """A catalogue of one message."""

    def gettext(self, message):
        return {ENGLISH: GERMAN}.get(message, message)


@pytest.mark.parametrize(
    ("language", "message"),
    [("en", "The price must be a multiple of 0.01; found 90.001."), ("de", "90.001 ist kein Vielfaches von 0.01.")],
)
def test_a_refusal_speaks_the_active_language(account, instrument, monkeypatch, language, message):
    monkeypatch.setitem(trans_real._translations, "de", German())
    order = {"account": account, "symbol": "AAPL", "side": "buy", "type": "limit", "amount": D(10)}
    with translation.override(language), pytest.raises(TradingError) as caught:
        order_place(**order, price=D("90.001"))
    assert (caught.value.code, caught.value.message) == ("price_off_tick", message)
