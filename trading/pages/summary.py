"""What was earned today, this week, this month, this year and in all, by the trader's own calendar."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from trading.models import User
from trading.pages.account_field import AccountField, offer_accounts
from trading.pages.documents import Row
from trading.pages.trader import trader, trader_page
from trading.selectors.summaries import Summary, period_starts, summaries, summaries_by_symbol
from trading.wire import decimal_text, milliseconds, optional_text, present

PERIODS = {
    "today": _("Today"),
    "week": _("This week"),
    "month": _("This month"),
    "year": _("This year"),
    "all": _("All"),
}


class SummaryForm(forms.Form):
    """Which account, and which period the symbols are listed for."""

    account = AccountField(required=False, empty_label=_("All"))
    period = forms.ChoiceField(label=_("Symbols of"), choices=list(PERIODS.items()), required=False)

    def __init__(self, user: User, data: Any) -> None:
        super().__init__({"period": "all", **data.dict()})
        self.own = offer_accounts(self, user)


@require_safe
@trader_page
def summary(request: HttpRequest) -> HttpResponse:
    """Show the periods' figures, and those of each symbol in one of them."""
    user, now = trader(request), timezone.now()
    form = SummaryForm(user, request.GET)
    form.full_clean()  # what is wrong is said, and stands for all
    account = form.cleaned_data.get("account")
    period = form.cleaned_data.get("period") or "all"
    ids = [account.pk for account in ([account] if account else form.own)]
    found, starts = summaries(ids, now=now, time_zone=user.time_zone), period_starts(now, user.time_zone)
    by_symbol = summaries_by_symbol(ids, since=starts[period])
    context = {
        "title": _("Summary"),
        "form": form,
        "rows": [
            {**summary_row(found[key]), "name": name, "since": (start := starts[key]) and milliseconds(start)}
            for key, name in PERIODS.items()
        ],
        "period": PERIODS[period],
        "symbols": [{**summary_row(row), "name": symbol} for symbol, row in by_symbol.items()],
    }
    return render(request, "trading/summary.html", context)


def summary_row(row: Summary) -> Row:
    """Return the cells of one summary."""
    return present(
        trades=str(row.trades),
        fills=str(row.fills),
        wins=str(row.wins),
        losses=str(row.losses),
        netPnl=decimal_text(row.net_pnl),
        realizedPnl=decimal_text(row.realized_pnl),
        fees=decimal_text(row.fees),
        volume=decimal_text(row.volume),
        winRate=optional_text(row.win_rate),
        averageWin=optional_text(row.average_win),
        averageLoss=optional_text(row.average_loss),
        best=optional_text(row.best),
        worst=optional_text(row.worst),
    )
