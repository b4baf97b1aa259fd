"""How a trader wants to see the site: language, theme, colours, numbers and time zone."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from trading.models import User
from trading.models.user import Language
from trading.pages.trader import trader, trader_page, wants_json


class PreferencesForm(forms.ModelForm):
    """Everything that a trader can choose about how the site looks to him."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As the browser")), *Language.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=lambda: [(name, name) for name in sorted(available_timezones())],
        help_text=gettext_lazy("All times are shown in it, and a day begins at its midnight."),
    )

    class Meta:
        model = User
        fields = ["language", "theme", "rise_color", "number_format", "time_zone"]
        labels = {
            "theme": gettext_lazy("Theme"),
            "rise_color": gettext_lazy("Colours"),
            "number_format": gettext_lazy("Numbers"),
        }
        help_texts = {"number_format": gettext_lazy("What you type has a point before its decimals in any case.")}
        widgets = dict.fromkeys(("theme", "rise_color", "number_format"), forms.RadioSelect)


class ThemeForm(forms.ModelForm):
    """The switch in the header."""

    class Meta:
        model = User
        fields = ["theme"]


@require_http_methods(["GET", "HEAD", "POST"])
@trader_page
def preferences(request: HttpRequest) -> HttpResponse:
    """Show what the trader has chosen, and change it."""
    form = PreferencesForm(request.POST if request.method == "POST" else None, instance=trader(request))
    if not form.is_valid():
        return render(request, "trading/preferences.html", {"form": form})
    _keep(form)
    chosen = form.cleaned_data["language"] or translation.get_language_from_request(request)
    with translation.override(chosen):
        messages.success(request, _("Your preferences are saved."))
    return HttpResponseRedirect(reverse("preferences"))


@require_POST
@trader_page
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the theme that the switch in the header has chosen, and lead back to where that was."""
    form = ThemeForm(request.POST, instance=trader(request))
    ok = form.is_valid()
    if ok:
        _keep(form)
    if wants_json(request):
        return JsonResponse({"ok": ok}, status=200 if ok else 400)
    back = request.META.get("HTTP_REFERER", "")
    known = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return HttpResponseRedirect(back if known else reverse("dashboard"))


def _keep(form: forms.ModelForm) -> None:
    """Save the form's own fields only: others of the user may be changed meanwhile."""
    fields: Any = form._meta.fields
    form.instance.save(update_fields=fields)
