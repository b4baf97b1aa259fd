"""Groups in the admin: Django's page, with each change in the audit trail."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group

from trading.admin.audited import AuditedAdmin

admin.site.unregister(Group)


@admin.register(Group)
class AuditedGroupAdmin(AuditedAdmin, GroupAdmin):
    """Groups and what they may do; `trading/groups.py` has those that a migration makes."""
