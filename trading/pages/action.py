"""An action that is asked for on a page of its own, which is also what the dashboard shows in a dialog.

The page says what is about to happen and is the confirmation: sending its form does it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from trading.errors import TradingError
from trading.pages.answers import first_error, refusal, success
from trading.pages.documents import Row
from trading.pages.outcomes import error_text
from trading.pages.trader import wants_json


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A line about what is acted on: a value as on the wire, of a kind that templatetags/figures.py knows."""

    label: str
    value: Any
    kind: str = "text"

    @property
    def row(self) -> Row:
        """The value as the template tag of figures takes it."""
        return {"value": self.value}


@dataclass(frozen=True, kw_only=True)
class Action:
    """What the page asks and does; `perform` gets the form's cleaned data and returns what to say afterwards.

    `items` are the things that it concerns, in words, one line for each.
    """

    title: str
    submit: str
    perform: Callable[[dict[str, Any]], str]
    form: forms.Form
    facts: list[Fact] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    note: str = ""
    danger: bool = False
    back: str = ""

    @property
    def address(self) -> str:
        """Where the page leads back to, done or not."""
        return self.back or reverse("dashboard")


def answer_action(request: HttpRequest, action: Action) -> HttpResponse:
    """Show the action's page, or perform it where its form was sent; a refusal shows the page again, and why."""
    action.form.auto_id = "action_%s"  # in a dialog it is beside the page's own fields
    if request.method != "POST":
        return _page(request, action)
    if not action.form.is_valid():
        code, message = first_error(action.form)
        return refusal(request, code, message, to="") if wants_json(request) else _page(request, action)
    try:
        message = action.perform(action.form.cleaned_data)
    except TradingError as error:
        if wants_json(request):
            return refusal(request, error.code, error_text(error), to="")
        return _page(request, action, error_text(error))
    return success(request, message, to=action.address)


def _page(request: HttpRequest, action: Action, refused: str = "") -> HttpResponse:
    return render(request, "trading/action.html", {"action": action, "refused": refused})
