"""The ticket: the form of an order of any type."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from trading.models import Instrument, Order, Side, User
from trading.pages.account_field import AccountField, offer_accounts
from trading.pages.decimals import ExactField

# What a type takes beside account, symbol, side and amount; the ticket shows these fields only, and sends no other.
TAKES: dict[str, tuple[str, ...]] = {
    "market": (),
    "limit": ("price", "post_only"),
    "stop_market": ("trigger_price",),
    "stop_limit": ("trigger_price", "price"),
}
ALL_TAKE = ("time_in_force", "reduce_only", "take_profit", "stop_loss")
AMOUNT_IN = [("units", _("units")), ("quote", _("quote currency"))]


class OrderForm(forms.Form):
    """Every field of an order; only the trader's own accounts are choices.

    `data` is what was sent or what the page's address says; without it the form is an empty market order.
    """

    account = AccountField(empty_label=None)
    symbol = forms.ModelChoiceField(
        label=_("Symbol"), queryset=Instrument.objects.order_by("symbol"), to_field_name="symbol", empty_label=None
    )
    type = forms.ChoiceField(label=_("Type"), choices=Order.Type.choices, required=False)
    side = forms.ChoiceField(label=_("Side"), choices=Side.choices)
    amount = ExactField(label=_("Amount"))
    amount_in = forms.ChoiceField(label=_("Amount in"), choices=AMOUNT_IN, required=False)
    price = ExactField(label=_("Price"), required=False)
    trigger_price = ExactField(label=_("Trigger price"), required=False)
    time_in_force = forms.ChoiceField(label=_("Time in force"), choices=Order.TimeInForce.choices, required=False)
    post_only = forms.BooleanField(label=_("Post only"), required=False)
    reduce_only = forms.BooleanField(label=_("Reduce only"), required=False)
    take_profit = ExactField(label=_("Take profit"), required=False)
    stop_loss = ExactField(label=_("Stop loss"), required=False)
    leverage = forms.IntegerField(label=_("Leverage"), required=False, min_value=1, max_value=1000)
    client_order_id = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        offer_accounts(self, user)

    def clean_type(self) -> str:
        """Return the type; what names none is a market order."""
        return self.cleaned_data["type"] or Order.Type.MARKET

    @property
    def types(self) -> dict[str, str]:
        """Which types take a field, for those that not all do."""
        fields = {name for names in TAKES.values() for name in names}
        return {field: " ".join(type for type, names in TAKES.items() if field in names) for field in fields}

    @property
    def shown(self) -> dict[str, Any]:
        """What the ticket's fields show: what was sent, or an empty market order that is good till canceled."""
        start = {"type": "market", "side": "buy", "amount_in": "units", "time_in_force": "GTC"}
        sent = {name: self.data[name] for name in self.fields if name in self.data}
        return {**start, **sent, "client_order_id": uuid4().hex}

    def wanted(self) -> dict[str, Any]:
        """Return the order as the services' arguments, without what its type does not take and the leverage."""
        data = self.cleaned_data
        order: dict[str, Any] = {name: data[name] for name in ("account", "side", "type")}
        order["symbol"] = data["symbol"].symbol
        order["quote_amount" if data["amount_in"] == "quote" else "amount"] = data["amount"]
        for name in (*TAKES[data["type"]], *ALL_TAKE, "client_order_id"):
            if data[name] not in (None, "", False):
                order[name] = data[name]
        return order
