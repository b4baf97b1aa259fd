"""Users in the admin: Django's page, with what they own, who is connected, and what an operator may do to them."""

from decimal import Decimal
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trading.admin.audited import AuditedAdmin
from trading.admin.columns import MONEY_PLACES, Column, moment, moneys, number_text
from trading.admin.csv_export import csv_export
from trading.admin.live_state import live_state
from trading.admin.operators import operator_of
from trading.admin.read_only import ReadOnlyInline
from trading.admin.user_actions import ACTIONS, admin_action
from trading.admin.user_filters import FrozenFilter, OnlineFilter
from trading.errors import TradingError
from trading.models import Account, AuditEntry, TradingFreeze, User
from trading.selectors.equities import equities_of_users
from trading.selectors.open_sockets import open_sockets
from trading.services import audit_note, check_superuser_remains

CENT = Decimal("0.01")  # a list is read at a glance; the account has all places
RANK_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")


class AccountInline(ReadOnlyInline):
    """A user's accounts, shown only: their own page changes what may be changed."""

    model = Account
    fields = (
        "name",
        "venue",
        "currency",
        *moneys(Account, "total", "used"),
        "leverage",
        "robot",
        moment(Account, "created_at"),
    )


class TraderChangeForm(UserChangeForm):
    """Django's form, which keeps an active superuser for the site."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        user = self.instance
        if user.is_superuser and not (cleaned.get("is_superuser", True) and cleaned.get("is_staff", True)):
            try:
                check_superuser_remains(without=user)
            except TradingError as error:
                raise ValidationError(error.message, code=error.code) from error
        return cleaned


class TraderPasswordForm(AdminPasswordChangeForm):
    """Django's form, which leaves a password to somebody who can administer the site."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("set_usable_password", True):
            try:
                check_superuser_remains(without=self.user)
            except TradingError as error:
                self.add_error("usable_password", ValidationError(error.message, code=error.code))  # shown beside it
        return cleaned

    def save(self, commit: bool = True) -> User:
        """Write the password alone: others may have deactivated the user since this request read him."""
        user: User = super().save(commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user


class TraderList(ChangeList):
    """A page of users, with what they are worth: read for the page and not for the table."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        equities = equities_of_users([user.pk for user in self.result_list])
        for user in self.result_list:
            user.equities = equities[user.pk]


@admin.display(description=_("equity"))
def equity_number(user: Any) -> str:
    """Return the equity of a user's accounts, by currency where there are several."""
    rounded = {currency: equity.quantize(CENT) for currency, equity in user.equities.items()}
    sums = [f"{number_text(equity, MONEY_PLACES)} {currency}" for currency, equity in rounded.items()]
    return ", ".join(sums) or "-"


@admin.display(description=_("sockets"), ordering="sockets")
def sockets_number(user: Any) -> str:
    """Return the number of a user's open sockets."""
    return str(user.sockets or "-")


@admin.display(description=_("trading"), ordering="frozen")
def frozen(user: Any) -> str:
    """Return whether the user's trading is frozen."""
    return gettext("frozen") if user.frozen else "-"


@admin.display(description=_("open sockets"))
def sockets_table(user: User) -> str:
    """Return a user's open sockets as a table: since when, from where, with what, last seen."""
    rows = open_sockets()
    sockets = [] if rows is None else list(rows.filter(user=user.pk).order_by("since"))
    if not sockets:
        return gettext("none")
    heads = format_html_join(
        "", "<th>{}</th>", ((head,) for head in (_("since"), _("address"), _("agent"), _("last seen")))
    )
    lines = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (
                f"{timezone.localtime(socket.since):%Y-%m-%d %H:%M:%S}",
                socket.address,
                socket.agent,
                f"{timezone.localtime(socket.process.seen_at):%Y-%m-%d %H:%M:%S}",
            )
            for socket in sockets
        ),
    )
    return format_html('<table class="sockets"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', heads, lines)


@admin.display(description=_("frozen"))
def freeze_text(user: User) -> str:
    """Return why and since when the user's trading is frozen."""
    freeze = user.freezes.select_related("by").first()
    if freeze is None:
        return gettext("no")
    words = {"since": f"{timezone.localtime(freeze.at):%Y-%m-%d %H:%M:%S}", "by": freeze.by, "reason": freeze.reason}
    return gettext("since %(since)s, by %(by)s: %(reason)s") % words


freeze_column: Column = freeze_text
sockets_column: Column = sockets_table


@admin.register(User)
class TraderAdmin(AuditedAdmin, UserAdmin):
    """Users: traders and admins."""

    form = TraderChangeForm
    change_password_form = TraderPasswordForm
    secret_fields = ("password",)
    list_display = (
        "username",
        "email",
        equity_number,
        sockets_number,
        "is_active",
        frozen,
        "is_staff",
        moment(User, "last_login"),
        moment(User, "date_joined"),
    )
    list_filter = ("is_active", OnlineFilter, FrozenFilter, "is_staff", "is_superuser", "groups")
    date_hierarchy = "date_joined"
    fieldsets = (
        *(UserAdmin.fieldsets or ())[:2],
        (_("Trading"), {"fields": (freeze_column,)}),
        (_("Connections"), {"fields": (sockets_column,)}),
        (_("Display"), {"fields": ("time_zone",)}),
        *(UserAdmin.fieldsets or ())[2:],
    )
    inlines = (AccountInline,)
    actions = (
        *(admin_action(spec) for spec in ACTIONS),
        csv_export(
            "id", "username", "email", "first_name", "last_name", "is_active", "is_staff", "is_superuser", "time_zone",
            "last_login", "date_joined",
        ),
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the ledger of a trader's accounts stays; who is gone is made inactive

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who is no superuser changes no one of the staff but himself: a password would give him the other's rights."""
        permitted: bool = super().has_change_permission(request, obj)
        user = cast(User, request.user)
        above = obj is not None and (obj.is_superuser or obj.is_staff) and obj.pk != user.pk
        return permitted and (user.is_superuser or not above)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Deactivating takes a reason, so it is an action; rank is given by superusers alone."""
        shown = (freeze_column, sockets_column, "last_login", "date_joined", "is_active")
        rank = () if cast(User, request.user).is_superuser else RANK_FIELDS
        return (*shown, *rank) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return super().get_inlines(request, obj) if obj else ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TraderList

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        sockets = open_sockets()
        count: Any = Value(0)
        if sockets is not None:
            own = sockets.order_by().filter(user=OuterRef("pk")).values("user").annotate(number=Count("pk"))
            count = Coalesce(Subquery(own.values("number")), 0)
        freezes = TradingFreeze.objects.filter(user=OuterRef("pk"))
        users: QuerySet[User] = super().get_queryset(request)
        return users.annotate(sockets=count, frozen=Exists(freezes))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer only what the user may do; what is not offered is refused when it is posted, too."""
        offered = super().get_actions(request)
        forbidden = {spec.name for spec in ACTIONS if not spec.is_permitted(request)}
        return {name: action for name, action in offered.items() if name not in forbidden}

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        user = kwargs.get("obj")
        if user is not None:
            context["user_actions"] = [spec for spec in ACTIONS if spec.is_permitted(request) and spec.offered(user)]
            operator = cast(User, request.user)
            if operator.has_perm("trading.watch_user"):
                context["live_url"] = reverse("admin:trading_user_live", args=[user.pk])
            if operator.has_perm("trading.view_auditentry"):
                context["trail_url"] = f"{reverse('admin:trading_auditentry_changelist')}?subject_id={user.pk}"
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> Any:
        live = self.admin_site.admin_view(lambda request, pk: live_state(self, request, pk))
        return [path("<int:pk>/live/", live, name="trading_user_live"), *super().get_urls()]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Change a password as Django does, in one transaction with its entry in the audit trail."""
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Django notes here whatever it changed; a password has not come through `save_model`."""
        if not hasattr(request, "audit_before"):
            audit_note(
                operator_of(request), AuditEntry.Action.CHANGE, subject=obj, row=obj, after={"password": _("(secret)")}
            )
        return super().log_change(request, obj, message)
