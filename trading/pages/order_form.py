"""The form of a market order."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trading.models import Account, Instrument, Side, User
from trading.models.fields import DIGITS, PLACES


class OrderForm(forms.Form):
    """Account, symbol, side and amount; only the trader's own accounts are choices."""

    account = forms.ModelChoiceField(
        label=_("Account"), queryset=Account.objects.none(), to_field_name="name", empty_label=None
    )
    symbol = forms.ModelChoiceField(
        label=_("Symbol"), queryset=Instrument.objects.order_by("symbol"), to_field_name="symbol", empty_label=None
    )
    side = forms.ChoiceField(label=_("Side"), choices=Side.choices, widget=forms.RadioSelect)
    amount = forms.DecimalField(label=_("Amount"), max_digits=DIGITS, decimal_places=PLACES)

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        accounts = self.fields["account"]
        assert isinstance(accounts, forms.ModelChoiceField)
        accounts.queryset = Account.objects.filter(user=user).order_by("name")
