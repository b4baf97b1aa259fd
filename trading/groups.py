"""The groups of those who run the site: operators act, support looks, auditors look at who acted.

A migration creates them. What is listed here later comes with another migration that calls `create`; a group that
somebody has changed by hand keeps what it was given.
"""

from typing import Any

TRADERS = (
    "trading.view_user",
    "trading.view_account",
    "trading.view_accountreset",
    "trading.view_apitoken",
    "trading.view_equitypoint",
    "trading.view_fill",
    "trading.view_instrument",
    "trading.view_ledgerentry",
    "trading.view_order",
    "trading.view_position",
    "trading.view_quote",
    "trading.view_tradingfreeze",
)
SERVICE = (
    "pushers.view_pushprocess",
    "pushers.view_pushlease",
    "consumers.view_opensocket",
    "consumers.view_webprocess",
)
ACTIONS = (
    "trading.deactivate_user",
    "trading.sign_out_user",
    "trading.disconnect_user",
    "trading.watch_user",
    "trading.adjust_balance",
    "trading.reset_account",
    "trading.freeze_trading",
    "trading.change_apitoken",
    "trading.change_instrument",
    "trading.change_order",
)
TRAIL = ("trading.view_auditentry", "trading.view_accounterasure", "admin.view_logentry", "auth.view_group")
GROUPS = {
    "operator": (*TRADERS, *SERVICE, *ACTIONS, "trading.view_candle", "trading.view_auditentry"),
    "support": (*TRADERS, *SERVICE, "trading.watch_user"),
    "auditor": (*TRADERS, *TRAIL),
}


def create(apps: Any) -> None:
    """Create the groups that do not exist, with those of their permissions that do; takes a registry of models."""
    group_model, permission_model = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    rows = permission_model.objects.select_related("content_type")
    found = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    for name, codes in GROUPS.items():
        group, made = group_model.objects.get_or_create(name=name)
        if made:
            group.permissions.set([found[code] for code in codes if code in found])
