"""CSV of the lists: what is selected, exact, harmless to a spreadsheet, and noted."""

import csv
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.urls import reverse

from tests.trading.rows import make_user
from trading.models import AuditEntry
from trading.services import Operator, audit_note


def export(browser, model, *rows, **more):
    fields = {"action": "export_csv", "_selected_action": [row.pk for row in rows], **more}
    response = browser.post(reverse(f"admin:trading_{model}_changelist"), fields)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in response["Content-Disposition"]

    async def download() -> str:
        return b"".join([part async for part in response]).decode()

    return list(csv.DictReader(StringIO(async_to_sync(download)())))


@pytest.mark.django_db(transaction=True)
class TestAnExport:
    @pytest.mark.parametrize("model", ["user", "account", "order", "fill", "position", "ledgerentry", "instrument"])
    def test_has_the_selected_rows(self, admin, one_of_each, model):
        [line] = export(admin, model, one_of_each[model])
        assert line["id"] == str(one_of_each[model].pk)

    def test_of_the_trail_has_its_entries_and_is_one(self, admin, trader):
        entry = audit_note(Operator(trader, "192.0.2.7", "=1+1"), "change", before={"a": "1"}, reason="@once")
        [line] = export(admin, "auditentry", entry)
        assert (line["agent"], line["reason"], line["before"]) == ("'=1+1", "'@once", "{'a': '1'}")
        export_entry = AuditEntry.objects.get(action="export")
        assert (export_entry.actor, export_entry.after) == ("root", {"model": "trading.auditentry", "rows": "1"})

    def test_has_all_that_a_search_found_however_many_there_are(self, admin, monkeypatch):
        monkeypatch.setattr("trading.admin.csv_export.PART", 3)
        users = [make_user(username=f"found-{number}") for number in range(8)]
        page = reverse("admin:trading_user_changelist") + "?q=found"
        fields = {"action": "export_csv", "_selected_action": [users[0].pk], "select_across": "1", "index": "0"}
        response = admin.post(page, fields)

        async def download() -> str:
            return b"".join([part async for part in response]).decode()

        lines = list(csv.DictReader(StringIO(async_to_sync(download)())))
        assert sorted(line["username"] for line in lines) == [user.username for user in users]

    def test_has_exact_numbers(self, admin, one_of_each):
        [line] = export(admin, "fill", one_of_each["fill"])
        assert (line["price"], line["amount"]) == ("10", "1")
