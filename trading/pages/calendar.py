"""What each day of a month has earned, by the trader's own calendar."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from trading.accounting import ZERO
from trading.models import User
from trading.pages.account_field import AccountField, offer_accounts
from trading.pages.documents import Row
from trading.pages.history_filter import FIRST_DAY, LAST_DAY
from trading.pages.summary import summary_row
from trading.pages.trader import trader, trader_page
from trading.selectors.summaries import Summary, summaries_by_day
from trading.templatetags.figures import sign
from trading.wire import decimal_text

MONTH = "%Y-%m"


class CalendarForm(forms.Form):
    """Which account, and which month; all of them, and this one, where nothing is chosen."""

    account = AccountField(required=False, empty_label=_("All"))
    month = forms.DateField(
        label=_("Month"),
        required=False,
        input_formats=[MONTH],
        widget=forms.DateInput({"type": "month"}, format=MONTH),
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
    )

    def __init__(self, user: User, data: Any) -> None:
        super().__init__({"month": f"{timezone.localdate():{MONTH}}", **data.dict()})
        self.own = offer_accounts(self, user)


@require_safe
@trader_page
def calendar(request: HttpRequest) -> HttpResponse:
    """Show a month of days, each with its net PnL and its trades, and the way to its fills."""
    form = CalendarForm(trader(request), request.GET)
    form.full_clean()  # what is wrong is said, and stands for all and for now
    account, today = form.cleaned_data.get("account"), timezone.localdate()
    month = (form.cleaned_data.get("month") or today).replace(day=1)
    after = _next_month(month)
    found = summaries_by_day(
        [each.pk for each in ([account] if account else form.own)],
        time_zone=trader(request).time_zone,
        since=_midnight(month),
        until=_midnight(after),
    )
    chosen = {"account": account.name} if account else {}
    before = month - timedelta(days=1)
    context = {
        "title": _("Calendar"),
        "form": form,
        "month": month,
        "weekdays": WEEKDAYS_ABBR.values(),
        "days": [_day(day, found.get(day), today, chosen) for day in _days(month, after)],
        "total": _total(found),
        "traded": bool(found),
        "earlier": urlencode({**chosen, "month": f"{before:{MONTH}}"}) if before > FIRST_DAY else "",
        "later": urlencode({**chosen, "month": f"{after:{MONTH}}"}) if after <= today else "",
    }
    return render(request, "trading/calendar.html", context)


def _day(day: date, found: Summary | None, today: date, chosen: Mapping[str, str]) -> Row:
    """Return what the cell of a day shows."""
    if found is None:
        return {"date": day, "today": day == today}
    row = summary_row(found)
    fills = {**chosen, "since": day.isoformat(), "until": day.isoformat()}
    return {
        "date": day,
        "today": day == today,
        "row": row,
        "trades": found.trades,
        "sign": sign(row["netPnl"]),
        "address": f"{reverse('fills-history')}?{urlencode(fills)}",
    }


def _total(found: Mapping[date, Summary]) -> Row:
    """Return the figures of the whole month."""
    signs = [sign(day.net_pnl) for day in found.values()]
    return {
        "netPnl": decimal_text(sum((day.net_pnl for day in found.values()), ZERO)),
        "trades": str(sum(day.trades for day in found.values())),
        "gains": str(signs.count("positive")),
        "losses": str(signs.count("negative")),
    }


def _days(first: date, after: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((after - first).days)]


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_current_timezone())
