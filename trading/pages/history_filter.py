"""The filter of the history pages, read from the page's address."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.models import Instrument, OrderStatus, Side, User
from trading.pages.account_field import AccountField, offer_accounts
from trading.selectors.history import HistoryFilter

ANY = [("", _("All"))]


FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9998, 12, 31)  # the next midnight of each is a datetime in any time zone


def _day(label: Any) -> forms.DateField:
    field = forms.DateField(label=label, required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    field.validators += [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
    return field


class HistoryForm(forms.Form):
    """Account, symbol, side and days, both included; a day begins at midnight in the current time zone."""

    account = AccountField(required=False, empty_label=_("All"))
    symbol = forms.ModelChoiceField(
        label=_("Symbol"),
        queryset=Instrument.objects.order_by("symbol"),
        to_field_name="symbol",
        required=False,
        empty_label=_("All"),
    )
    side = forms.ChoiceField(label=_("Side"), choices=[*ANY, *Side.choices], required=False)
    since = _day(_("From"))
    until = _day(_("To"))
    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, user: User, data: Any) -> None:
        super().__init__(data)
        self.own = offer_accounts(self, user)

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        data = self.cleaned_data
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            raise ValidationError(_("The first day must not be after the last one."), "days")
        return data

    def wanted(self) -> HistoryFilter:
        """Return the filter of a valid form."""
        data = self.cleaned_data
        accounts = [data["account"]] if data["account"] else self.own
        return HistoryFilter(
            account_ids=[account.pk for account in accounts],
            symbol=data["symbol"].symbol if data["symbol"] else None,
            side=data["side"] or None,
            statuses=[data["status"]] if data.get("status") else (),
            since=_midnight(data["since"]),
            until=_midnight(data["until"] and data["until"] + timedelta(days=1)),
        )

    @property
    def filtered(self) -> bool:
        """Whether anything narrows the history."""
        return any(value for name, value in self.cleaned_data.items() if name != "before")


class OrderHistoryForm(HistoryForm):
    """The filter of orders: by status too."""

    status = forms.ChoiceField(label=_("Status"), choices=[*ANY, *OrderStatus.choices], required=False)
    field_order = ["account", "symbol", "side", "status", "since", "until"]


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), timezone.get_current_timezone()) if day else None
