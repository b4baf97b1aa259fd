"""Filters of the list of users."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from trading.models import User
from trading.selectors.open_sockets import open_sockets


class YesNoFilter(admin.SimpleListFilter):
    """A filter by a question with two answers."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]


class OnlineFilter(YesNoFilter):
    """Whether a user has an open socket."""

    title = _("online")
    parameter_name = "online"

    def has_output(self) -> bool:
        return open_sockets() is not None

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        sockets = open_sockets()
        if sockets is None or self.value() is None:
            return queryset
        online = sockets.values("user")
        return queryset.filter(pk__in=online) if self.value() == "yes" else queryset.exclude(pk__in=online)


class FrozenFilter(YesNoFilter):
    """Whether a user's trading is frozen."""

    title = _("frozen")
    parameter_name = "frozen"

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() is None:
            return queryset
        return queryset.filter(freezes__isnull=self.value() == "no")
