"""The paper accounts: their money and what moved it, and starting one anew."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from trading import services
from trading.models import Account
from trading.pages.action import Action, Fact, answer_action
from trading.pages.decimals import ExactField
from trading.pages.documents import Row
from trading.pages.history_rows import ledger_row
from trading.pages.order_actions import confirmed
from trading.pages.trader import trader, trader_page
from trading.selectors.history import HistoryFilter, ledger_history
from trading.services.resets import DEPOSIT
from trading.wire import decimal_text, milliseconds


class BeforeForm(forms.Form):
    """Where the page of the ledger begins."""

    before = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)


class ResetForm(forms.Form):
    """The account's name, typed once more, and what it is to begin with."""

    name = forms.CharField(label=gettext_lazy("Type the account's name"), max_length=50)
    deposit = ExactField(label=gettext_lazy("New deposit"), min_value=Decimal(0))

    def __init__(self, account: Account, data: Any = None) -> None:
        super().__init__(data, initial={"deposit": decimal_text(DEPOSIT)})
        self._account = account
        self.fields["name"].widget.attrs.update({"autocomplete": "off", "autocapitalize": "none"})

    def clean_name(self) -> str:
        """Refuse any other name."""
        name: str = self.cleaned_data["name"]
        if name != self._account.name:
            message = _("Expected %(expected)s; found %(found)s.")
            raise ValidationError(message, "wrong_name", {"expected": self._account.name, "found": name})
        return name


@require_safe
@trader_page
def accounts(request: HttpRequest) -> HttpResponse:
    """List the trader's accounts."""
    rows = [account_row(account) for account in Account.objects.filter(user=trader(request)).order_by("name")]
    return render(request, "trading/accounts.html", {"rows": rows})


@require_safe
@trader_page
def account_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of the trader's own accounts: its money, its resets and a page of its ledger."""
    account = _own_account(request, name)
    form = BeforeForm(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    page = ledger_history(HistoryFilter(account_ids=[account.pk]), before=before)
    resets = [
        {
            "at": milliseconds(reset.at),
            "total": decimal_text(reset.total_before),
            "deposit": decimal_text(reset.deposit),
        }
        for reset in account.resets.order_by("-pk")
    ]
    context = {
        "row": account_row(account),
        "rows": [ledger_row(row) for row in page.rows],
        "resets": resets,
        "older": f"before={page.next_before}" if page.next_before is not None else "",
        "paged": before is not None,
    }
    return render(request, "trading/account.html", context)


@confirmed
@trader_page
def account_reset(request: HttpRequest, name: str) -> HttpResponse:
    """Start one of the trader's own paper accounts anew."""
    account = _own_account(request, name)

    def perform(data: dict[str, Any]) -> str:
        services.account_reset(account=account, by=trader(request), deposit=data["deposit"])
        return _("The account %(name)s starts anew.") % {"name": name}

    action = Action(
        title=_("Reset the account %(name)s?") % {"name": name},
        submit=_("Reset the account"),
        perform=perform,
        form=ResetForm(account, request.POST if request.method == "POST" else None),
        facts=[Fact(label=_("Total now"), value=decimal_text(account.total), kind="money")],
        note=_(
            "Open orders are canceled and positions are closed. The history stays, marked as from before the reset."
        ),
        danger=True,
        back=reverse("account", args=[name]),
    )
    return answer_action(request, action)


def account_row(account: Account) -> Row:
    """Return an account's cells."""
    return {
        "name": account.name,
        "venue": account.get_venue_display(),
        "currency": account.currency,
        "total": decimal_text(account.total),
        "used": decimal_text(account.used),
        "free": decimal_text(account.free),
        "created": milliseconds(account.created_at),
    }


def _own_account(request: HttpRequest, name: str) -> Account:
    """Return one of the trader's own accounts; a name of anybody else's does not exist for him."""
    return get_object_or_404(Account, user=trader(request), name=name)
