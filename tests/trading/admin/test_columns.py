from decimal import Decimal

import pytest
from django.utils import translation

from trading.admin.columns import number_text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_number_is_written_alike_in_every_language(language: str) -> None:
    with translation.override(language):
        assert number_text(Decimal("-1234567.50000000"), 2) == "-1,234,567.50"
        assert number_text(Decimal("0.00001000")) == "0.00001"
        assert number_text(None) == "-"
