"""API tokens: make one, see its secret once, revoke it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from trading import services
from trading.errors import TradingError
from trading.models import ApiToken, User
from trading.pages.action import Action, Fact, answer_action
from trading.pages.documents import Row
from trading.pages.trader import trader, trader_page
from trading.wire import milliseconds

SCOPES = {
    "read": gettext_lazy("Read: balances, positions, orders, history"),
    "trade": gettext_lazy("Trade: place, amend and cancel orders"),
}
LIFETIMES = {
    "30": gettext_lazy("30 days"),
    "90": gettext_lazy("90 days"),
    "365": gettext_lazy("One year"),
    "": gettext_lazy("Never"),
}


class TokenForm(forms.Form):
    """Name, scopes and expiry of a new token; no two that work have the same name."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=list(SCOPES.items()),
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(
        label=gettext_lazy("Expires after"), choices=list(LIFETIMES.items()), initial="90", required=False
    )

    def __init__(self, user: User, data: Any = None) -> None:
        super().__init__(data)
        self._user = user

    def clean_name(self) -> str:
        """Refuse the name of a token that works: nobody could tell which one to revoke."""
        name: str = self.cleaned_data["name"]
        if any(token.name == name for token in self._user.api_tokens.all() if token_state(token) == "active"):
            raise ValidationError(_("A token of this name works already; choose another name."), "duplicate_name")
        return name

    def wanted(self) -> dict[str, Any]:
        """Return the arguments of the service."""
        data = self.cleaned_data
        days = int(data["days"] or 0)
        expires_at = timezone.now() + timedelta(days=days) if days else None
        return {"name": data["name"], "scopes": data["scopes"], "expires_at": expires_at}


@require_http_methods(["GET", "HEAD", "POST"])
@trader_page
def tokens(request: HttpRequest) -> HttpResponse:
    """List the trader's tokens, and make a new one.

    The answer to the form is the page itself and no redirect: that is the only place where the secret ever is. Sending
    the form again, as a reload does, is refused for its name.
    """
    user, made, secret = trader(request), None, ""
    form = TokenForm(user, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made, secret = services.token_create(user=user, **form.wanted())
        except TradingError as error:
            form.add_error(None, error.message)
        else:
            form = TokenForm(user)
    rows = [token_row(token) for token in user.api_tokens.order_by("-pk")]
    return render(request, "trading/tokens.html", {"form": form, "rows": rows, "made": made, "secret": secret})


@require_http_methods(["GET", "HEAD", "POST"])
@trader_page
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke one of the trader's own tokens."""
    token = get_object_or_404(ApiToken, pk=pk, user=trader(request))

    def perform(data: dict[str, Any]) -> str:
        services.token_revoke(token=token)
        return _("The token %(name)s is revoked.") % {"name": token.name}

    action = Action(
        title=_("Revoke the token %(name)s?") % {"name": token.name},
        submit=_("Revoke the token"),
        perform=perform,
        form=forms.Form(request.POST),
        facts=[Fact(label=_("Begins with"), value=token.prefix), Fact(label=_("Scopes"), value=_scopes(token))],
        note=_("Programs that use it are signed out for good."),
        danger=True,
        back=reverse("tokens"),
    )
    return answer_action(request, action)


def token_row(token: ApiToken) -> Row:
    """Return a token's cells."""
    return {
        "id": token.pk,
        "name": token.name,
        "prefix": token.prefix,
        "scopes": _scopes(token),
        "state": token_state(token),
        "created": milliseconds(token.created_at),
        "expires": token.expires_at and milliseconds(token.expires_at),
        "lastUsed": token.last_used_at and milliseconds(token.last_used_at),
    }


def token_state(token: ApiToken) -> str:
    """Return active, expired or revoked."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= timezone.now() else "active"


def _scopes(token: ApiToken) -> str:
    return ", ".join(token.scopes)
