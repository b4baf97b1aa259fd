"""What an action is answered with: a redirect with a message for a form, JSON for the page's script.

The JSON is {"ok", "message"}, with the stable "code" of a refusal, which is an answer like any other: status 200.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse

from trading.pages.trader import wants_json


def success(request: HttpRequest, message: str, *, to: str, **more: Any) -> HttpResponse:
    """Say that it is done; `to` is the address to go on to, `more` is for the script."""
    return _answer(request, messages.SUCCESS, {"ok": True, "message": message, **more}, to)


def refusal(request: HttpRequest, code: str, message: str, *, to: str, **more: Any) -> HttpResponse:
    """Say why it was not done."""
    return _answer(request, messages.ERROR, {"ok": False, "message": message, "code": code, **more}, to)


def first_error(form: forms.Form) -> tuple[str, str]:
    """Return the code and the message of an invalid form's first error."""
    name, errors = next(iter(form.errors.items()))
    field = form.fields.get(name)
    return f"invalid_{name}" if field else "invalid_form", f"{field.label}: {errors[0]}" if field else str(errors[0])


def _answer(request: HttpRequest, level: int, answer: dict[str, Any], to: str) -> HttpResponse:
    if wants_json(request):
        return JsonResponse(answer)
    messages.add_message(request, level, answer["message"])
    return HttpResponseRedirect(to)
