"""API tokens in the admin: shown without their digest, and revoked through the service."""

from typing import cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trading import services
from trading.admin.columns import moment
from trading.admin.operators import operator_of
from trading.admin.read_only import ReadOnlyAdmin
from trading.errors import TradingError
from trading.models import ApiToken, AuditEntry, User

MOMENTS = [moment(ApiToken, name) for name in ("created_at", "expires_at", "last_used_at", "revoked_at")]


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Programs' credentials; `manage.py apitoken` makes them, since only who makes one sees its secret."""

    list_display = ("prefix", "name", "user", "scopes", *MOMENTS)
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "expires_at")
    list_select_related = ("user",)
    search_fields = ("prefix", "name", "user__username")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = ("user", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Say whether this user may revoke tokens: who may change them may."""
        return cast(User, request.user).has_perm("trading.change_apitoken")

    @admin.action(description=_("Revoke selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """Revoke those of `tokens` that are not revoked yet."""
        by, revoked = operator_of(request), 0
        for token in tokens.filter(revoked_at=None).select_related("user"):
            try:
                with transaction.atomic():
                    services.check_may_act(by, token.user)
                    services.token_revoke(token=token)
                    services.audit_note(by, AuditEntry.Action.TOKEN_REVOKE, subject=token.user, row=token)
                revoked += 1
            except TradingError as error:
                self.message_user(request, f"{token.prefix}: {error.message}", messages.WARNING)
        text = ngettext("%(count)d token revoked.", "%(count)d tokens revoked.", revoked)
        self.message_user(request, text % {"count": revoked}, messages.SUCCESS)
