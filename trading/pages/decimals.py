"""The form field of prices, amounts and money."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from trading.models.fields import DIGITS, PLACES

PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)", re.ASCII)


class ExactField(forms.DecimalField):
    """A decimal of the columns' size, typed as text: a number input would round, and reads a comma as it likes."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=DIGITS, decimal_places=PLACES, **options)

    def to_python(self, value: Any) -> Any:  # a Decimal or None; the stubs want what an IntegerField returns
        """Refuse what Python takes for a number and the API does not: 1e5, 1_0, digits of other scripts."""
        if isinstance(value, str) and value.strip() and PLAIN.fullmatch(value.strip()) is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}
