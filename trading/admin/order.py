"""Orders in the admin: shown, and canceled through the service."""

from typing import cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from trading import services
from trading.admin.columns import account, exacts, moment, moneys
from trading.admin.csv_export import csv_export
from trading.admin.operators import operator_of
from trading.admin.read_only import ReadOnlyAdmin
from trading.errors import TradingError
from trading.models import AuditEntry, Order, User

amount, filled = exacts(Order, "amount", "filled")
price, trigger_price = moneys(Order, "price", "trigger_price")
created_at, updated_at = moment(Order, "created_at"), moment(Order, "updated_at")


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """Orders of all accounts."""

    list_display = (
        "id",
        account,
        "instrument",
        "side",
        "type",
        amount,
        price,
        filled,
        "status",
        created_at,
    )
    list_filter = ("status", "type", "origin", "side", "instrument", "account__robot")
    list_select_related = ("account__user", "instrument")
    search_fields = ("=id", "client_order_id", "account__name", "account__user__username", "instrument__symbol")
    date_hierarchy = "created_at"
    ordering = ("-id",)
    fields = (
        ("account", "instrument"),
        ("side", "type", "time_in_force", "post_only", "reduce_only"),
        (amount, price, trigger_price, *moneys(Order, "take_profit", "stop_loss")),
        ("status", "reject_reason", "origin", "maker"),
        (filled, *exacts(Order, "closing"), *moneys(Order, "cost", "reserved")),
        "client_order_id",
        (created_at, updated_at, moment(Order, "triggered_at"), moment(Order, "expires_at")),
    )
    actions = (
        "cancel",
        csv_export(
            "id", "account__user__username", "account__name", "instrument__symbol", "side", "type", "amount", "price",
            "trigger_price", "filled", "cost", "status", "reject_reason", "origin", "time_in_force", "post_only",
            "reduce_only", "client_order_id", "created_at", "updated_at",
        ),
    )  # fmt: skip

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Say whether this user may cancel orders: who may change them may."""
        return cast(User, request.user).has_perm("trading.change_order")

    @admin.action(description=_("Cancel selected orders"), permissions=["cancel"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        """Cancel the open ones among `orders` and say which could not be."""
        by, canceled = operator_of(request), 0
        for order in orders.select_related("account__user", "instrument"):
            try:
                with transaction.atomic():
                    services.check_may_act(by, order.account.user)
                    services.order_cancel(order=order)
                    services.audit_note(by, AuditEntry.Action.ORDERS_CANCEL, subject=order.account.user, row=order)
                canceled += 1
            except TradingError as error:
                self.message_user(request, f"{order.pk}: {error}", messages.WARNING)
        if canceled:
            text = ngettext("%(count)d order canceled.", "%(count)d orders canceled.", canceled)
            self.message_user(request, text % {"count": canceled}, messages.SUCCESS)
