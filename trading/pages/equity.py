"""The equity curve of one account: drawn by a script, with the exact values beside it."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from trading.models import EquityPoint, User
from trading.pages.account_field import AccountField, offer_accounts
from trading.pages.documents import Row
from trading.pages.trader import trader, trader_page
from trading.selectors.equity_curve import EquityPointRow, equity_curve
from trading.wire import decimal_text, milliseconds

STEPS = {
    EquityPoint.Interval.MINUTE.value: _("Six hours"),
    EquityPoint.Interval.QUARTER.value: _("Two weeks"),
    EquityPoint.Interval.DAY.value: _("All"),
}


class EquityForm(forms.Form):
    """Whose curve, and how fine; the first account and the quarters of an hour where nothing is chosen."""

    account = AccountField(required=False, empty_label=None)
    step = forms.ChoiceField(label=_("Time"), choices=list(STEPS.items()), required=False)

    def __init__(self, user: User, data: Any) -> None:
        super().__init__({"step": EquityPoint.Interval.QUARTER.value, **data.dict()})
        self.own = offer_accounts(self, user)


@require_safe
@trader_page
def equity(request: HttpRequest) -> HttpResponse:
    """Show what one of the trader's accounts was worth over time."""
    form = EquityForm(trader(request), request.GET)
    form.full_clean()  # what is wrong is said, and nothing is shown
    account = form.cleaned_data.get("account") or next(iter(form.own), None)
    step = form.cleaned_data.get("step") or EquityPoint.Interval.QUARTER.value
    points = equity_curve(account.pk, step) if account and form.is_valid() else []
    rows = [{"at": milliseconds(point.at), "equity": decimal_text(point.equity)} for point in points]
    context = {
        "title": _("Equity"),
        "form": form,
        "name": account.name if account else "",
        "currency": account.currency if account else "",
        "row": _facts(points),
        "points": rows,
        "newest": rows[::-1],
    }
    return render(request, "trading/equity.html", context)


def _facts(points: list[EquityPointRow]) -> Row:
    """Return the curve in a few figures."""
    if not points:
        return {}
    values = [point.equity for point in points]
    figures = {
        "first": values[0],
        "last": values[-1],
        "change": values[-1] - values[0],
        "highest": max(values),
        "lowest": min(values),
    }
    return {name: decimal_text(value) for name, value in figures.items()}
