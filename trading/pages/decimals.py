"""The form field of prices, amounts and money."""

from typing import Any

from django import forms

from trading.models.fields import DIGITS, PLACES


class ExactField(forms.DecimalField):
    """A decimal of the columns' size, typed as text: a number input would round, and reads a comma as it likes."""

    widget = forms.TextInput

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=DIGITS, decimal_places=PLACES, **options)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}
