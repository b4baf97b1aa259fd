"""The push service in the admin: its processes, shards and sockets, for projects that have Django's admin."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from consumers.models import OpenSocket
from consumers.service_state import service_state
from pushers.models import PushProcess


class ShownOnly(admin.ModelAdmin):
    """Rows that processes write and nobody changes."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(PushProcess)
class PushProcessAdmin(ShownOnly):
    """One page in place of a list: the whole service at a glance, read again every two seconds."""

    def get_urls(self) -> Any:
        state = self.admin_site.admin_view(never_cache(self.state_view))
        return [path("state/", state, name="pushers_pushprocess_state"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the page; it works without its script, too, which only loads the state again."""
        self._check(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Push service"),
            "opts": self.model._meta,
            "state": service_state(),
        }
        return TemplateResponse(request, "admin/pushers/pushprocess/service.html", context)

    def state_view(self, request: HttpRequest) -> HttpResponse:
        """Return the part of the page that changes."""
        self._check(request)
        return TemplateResponse(request, "admin/pushers/pushprocess/state.html", {"state": service_state()})

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


@admin.register(OpenSocket)
class OpenSocketAdmin(ShownOnly):
    """Who is connected, from where, since when."""

    list_display = ("user", "watching", "since", "address", "agent", "by_token", "process", "seen")
    list_select_related = ("user", "process")
    list_filter = ("by_token", "process")
    search_fields = ("address", "agent", "=user__pk")
    date_hierarchy = "since"
    ordering = ("-since",)
    show_full_result_count = False

    @admin.display(description=_("last seen"), ordering="process__seen_at")
    def seen(self, socket: OpenSocket) -> Any:
        """Return when the socket's process last said that it is there."""
        return socket.process.seen_at
