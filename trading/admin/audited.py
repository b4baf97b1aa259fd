"""What is changed by a form of the admin, in the audit trail: field by field, as it was and as it is."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from trading.admin.operators import operator_of
from trading.models import AuditEntry, User
from trading.services import audit_note
from trading.services.audit_trail import SECRET
from trading.wire import decimal_text

Action = AuditEntry.Action


class AuditedAdmin(admin.ModelAdmin):
    """Notes each addition, change and deletion in the transaction in which it happens."""

    secret_fields: tuple[str, ...] = ()  # of which only that they changed is shown

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Locked, so that what is noted as "before" is what this change replaces.
        before = type(obj)._base_manager.select_for_update().filter(pk=obj.pk).first() if change else None
        request.audit_before = row_values(before) if before is not None else {}  # type: ignore[attr-defined]
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Only what was typed: others may have changed the rest since this request read the row.
        columns = {field.name for field in obj._meta.concrete_fields}
        obj.save(update_fields=[name for name in form.changed_data if name in columns])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        fresh = type(form.instance)._base_manager.get(pk=form.instance.pk)
        self.note_change(request, fresh, request.audit_before, row_values(fresh))  # type: ignore[attr-defined]

    def note_change(self, request: HttpRequest, row: Model, before: dict[str, str], after: dict[str, str]) -> None:
        """Note what differs, if anything does."""
        names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        if not names:
            return
        audit_note(
            operator_of(request),
            Action.CHANGE if before else Action.ADD,
            subject=subject_of(row),
            row=row,
            before={name: self._shown(name, before.get(name)) for name in names},
            after={name: self._shown(name, after.get(name)) for name in names},
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._note_deletion(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                self._note_deletion(request, row)
            super().delete_queryset(request, queryset)

    def _note_deletion(self, request: HttpRequest, row: Model) -> None:
        before = {name: self._shown(name, value) for name, value in row_values(row).items()}
        audit_note(operator_of(request), Action.DELETE, subject=subject_of(row), row=row, before=before)

    def _shown(self, name: str, value: str | None) -> str | None:
        return SECRET if value and name in self.secret_fields else value


def row_values(row: Model) -> dict[str, str]:
    """Return the fields of a row as text; of those that refer to many, the sorted names."""
    values = {field.name: _text(getattr(row, field.attname)) for field in row._meta.concrete_fields}
    for field in row._meta.many_to_many:
        values[field.name] = ", ".join(sorted(str(other) for other in getattr(row, field.name).all()))
    return {name: value for name, value in values.items() if value}


def subject_of(row: Model) -> User | None:
    """Return the user whom a row is, or belongs to."""
    return row if isinstance(row, User) else getattr(row, "user", None)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
