"""The groups of operators, as the migration makes them."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from trading.groups import GROUPS


def permissions_of(name):
    rows = Permission.objects.filter(group__name=name).select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}" for row in rows}


@pytest.mark.django_db(transaction=True)
def test_the_migration_makes_the_groups_with_all_their_permissions_and_leaves_those_that_exist():
    Group.objects.all().delete()
    Group.objects.create(name="support")
    call_command("migrate", "trading", "0003", verbosity=0)
    call_command("migrate", verbosity=0)
    assert {name: permissions_of(name) for name in GROUPS} == {
        **{name: set(codes) for name, codes in GROUPS.items()},
        "support": set(),
    }


def test_who_only_looks_may_change_nothing():
    for name in ("support", "auditor"):
        verbs = {code.partition(".")[2].partition("_")[0] for code in GROUPS[name]}
        assert verbs <= {"view", "watch"}
