"""The audit trail in the admin: shown, searched, exported; nobody changes it."""

import json
from typing import Any

from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from trading.admin.columns import Column, moment
from trading.admin.csv_export import csv_export
from trading.admin.read_only import ReadOnlyAdmin
from trading.models import AuditEntry

at = moment(AuditEntry, "at")


@admin.display(description=_("what changed"))
def changes(entry: AuditEntry) -> str:
    """Return each changed field as "name: before → after"."""
    names = sorted({*entry.before, *entry.after})
    return "; ".join(f"{name}: {entry.before.get(name, '-')} → {entry.after.get(name, '-')}" for name in names)


@admin.display(description=_("object"), ordering="object_text")
def concerned(entry: AuditEntry) -> str:
    """Return the object, linked to its page where it has one."""
    if not entry.object_type:
        return "-"
    try:
        url = reverse(f"admin:{entry.object_type.replace('.', '_')}_change", args=[entry.object_id])
    except NoReverseMatch:
        return entry.object_text
    return format_html('<a href="{}">{}</a>', url, entry.object_text)


@admin.display(description=_("before"))
def before_text(entry: AuditEntry) -> str:
    """Return `before` as indented JSON."""
    return _pretty(entry.before)


@admin.display(description=_("after"))
def after_text(entry: AuditEntry) -> str:
    """Return `after` as indented JSON."""
    return _pretty(entry.after)


object_link: Column = concerned
before_column: Column = before_text
after_column: Column = after_text


def _pretty(values: dict[str, Any]) -> str:
    return format_html("<pre>{}</pre>", json.dumps(values, indent=2, ensure_ascii=False)) if values else "-"


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what to whom, when, why and from where."""

    list_display = (at, "actor", "action", "subject", concerned, "reason", changes, "address")
    list_display_links = (at,)
    list_filter = ("action", ("actor", admin.AllValuesFieldListFilter), "object_type")
    search_fields = ("actor", "subject", "object_text", "reason", "address", "=object_id")
    date_hierarchy = "at"
    ordering = ("-id",)
    fields = (
        at,
        ("actor", "actor_id"),
        ("subject", "subject_id"),
        "action",
        (object_link, "object_type", "object_id"),
        "reason",
        before_column,
        after_column,
        "address",
        "agent",
    )
    actions = (
        csv_export(
            "id", "at", "actor_id", "actor", "action", "subject_id", "subject", "object_type", "object_id",
            "object_text", "reason", "before", "after", "address", "agent",
        ),
    )  # fmt: skip
