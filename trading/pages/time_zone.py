"""The trader's time zone: what times are shown in, and where his days begin."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trading.pages.action import Action, answer_action
from trading.pages.order_actions import confirmed
from trading.pages.trader import trader, trader_page


class TimeZoneForm(forms.Form):
    """One of the IANA time zones that this machine knows."""

    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"), choices=lambda: [(name, name) for name in sorted(available_timezones())]
    )


@confirmed
@trader_page
def time_zone(request: HttpRequest) -> HttpResponse:
    """Choose the trader's time zone."""
    user = trader(request)

    def perform(data: dict[str, Any]) -> str:
        user.time_zone = data["time_zone"]
        user.save(update_fields=["time_zone"])
        return _("Times and days are in %(zone)s now.") % {"zone": user.time_zone}

    action = Action(
        title=_("Time zone"),
        submit=_("Use this time zone"),
        perform=perform,
        form=TimeZoneForm(request.POST if request.method == "POST" else None, initial={"time_zone": user.time_zone}),
        note=_("All times are shown in it, and a day of the summary begins at its midnight."),
        back=reverse("summary"),
    )
    return answer_action(request, action)
