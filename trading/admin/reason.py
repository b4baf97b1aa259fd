"""Why an operator does something: the form, and the page that asks for it before an action is carried out."""

from typing import Any

from django import forms
from django.contrib.admin import helpers
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy

from trading.services.audit_trail import REASON_LENGTH

APPLY = "apply"  # the request comes from the page that asks, and not from the list
FROM_PAGE = "from_page"  # the action was chosen on a row's own page, and leads back there


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
        help_text=gettext_lazy("It stays in the audit trail."),
    )


def ask_reason(
    modeladmin: Any,
    request: HttpRequest,
    form: ReasonForm,
    rows: list[Model],
    *,
    action: str,
    title: object,
    warning: object = "",
) -> TemplateResponse:
    """Return the page with the form, which names every row: who is shown is meant, not who is found later."""
    context = {
        **modeladmin.admin_site.each_context(request),
        "title": title,
        "warning": warning,
        "opts": modeladmin.model._meta,
        "action": action,
        "form": form,
        "rows": rows,
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "from_page": FROM_PAGE in request.POST,
        "media": modeladmin.media,
    }
    return TemplateResponse(request, "admin/trading/reason.html", context)
