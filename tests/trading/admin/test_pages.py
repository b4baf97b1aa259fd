from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from trading import append_only

MODELS = [
    "user",
    "account",
    "instrument",
    "quote",
    "candle",
    "order",
    "fill",
    "position",
    "ledgerentry",
    "accountreset",
    "accounterasure",
    "equitypoint",
    "apitoken",
]
READ_ONLY = [model for model in MODELS if model not in ("user", "account", "instrument")]


def url(model, page, *args):
    return reverse(f"admin:trading_{model}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS)
def test_the_list_shows_and_searches_rows(admin, one_of_each, model):
    response = admin.get(url(model, "changelist"))
    assert one_of_each[model] in response.context["cl"].result_list
    assert admin.get(url(model, "changelist"), {"q": "no such row"}).context["cl"].result_count == 0


@pytest.mark.parametrize("model", MODELS)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_one(admin, one_of_each, more_of_each, model):
    admin.get(url(model, "changelist"))  # what is cached once per process, as content types, does not count
    with CaptureQueriesContext(
        connection,
    ) as for_one:
        admin.get(url(model, "changelist"))
    more_of_each()
    with CaptureQueriesContext(connection) as for_many:
        response = admin.get(url(model, "changelist"))
    assert len(response.context["cl"].result_list) > 10
    assert len(for_many) == len(for_one)


@pytest.mark.parametrize("model", MODELS)
def test_the_page_of_a_row_opens(admin, one_of_each, model):
    assert admin.get(url(model, "change", one_of_each[model].pk)).status_code == 200


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_services_and_the_market_write_is_neither_added_nor_deleted_by_an_admin(admin, one_of_each, model):
    row = one_of_each[model]
    assert admin.get(url(model, "add")).status_code == 403
    assert admin.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert type(row).objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize("model", READ_ONLY)
def test_what_services_and_the_market_write_is_not_changed_by_an_admin(admin, one_of_each, model):
    assert admin.post(url(model, "change", one_of_each[model].pk), {"amount": "1"}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_only_staff_may_look(client, one_of_each, model):
    client.force_login(one_of_each["user"])
    assert client.get(url(model, "changelist")).status_code == 302


@pytest.mark.parametrize(
    ("model", "title"),
    [
        ("account", "alice/paper"),
        ("quote", "AAPL: 99 / 101"),
        ("candle", "AAPL 1m 2026-01-02 00:00"),
        ("order", "Order {pk}: buy 5 AAPL, alice/paper"),
        ("fill", "Fill {pk}: buy 1 AAPL at 10, alice/paper"),
        ("position", "Position: 2 AAPL, alice/paper"),
        ("ledgerentry", "Ledger entry {pk}: Deposit 100000, alice/paper"),
        ("accountreset", "Reset of alice/paper at"),
        ("accounterasure", "gone/paper ("),
        ("equitypoint", "alice/paper 1m 2026-01-02 00:00"),
    ],
)
def test_a_row_says_in_its_title_what_it_is_and_whose(admin, one_of_each, model, title):
    row = one_of_each[model]
    row.refresh_from_db()
    assert title.format(pk=row.pk) in admin.get(url(model, "change", row.pk)).text


@pytest.mark.parametrize("model", ["order", "fill", "ledgerentry"])
def test_where_the_order_of_rows_matters_times_have_seconds(admin, one_of_each, model):
    row = one_of_each[model]
    with append_only.lifted(connection):
        type(row).objects.update(created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    for page in (url(model, "changelist"), url(model, "change", row.pk)):
        assert "2026-01-02 03:04:05" in admin.get(page).text


@pytest.mark.parametrize("model", ["user", "account"])
def test_whose_ledger_stays_is_not_offered_to_be_deleted(admin, one_of_each, model):
    row = one_of_each[model]
    assert "deletelink" not in admin.get(url(model, "change", row.pk)).text
    assert admin.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403


def test_the_index_has_the_name_of_the_site(admin):
    assert "Trading site administration" in admin.get(reverse("admin:index")).text
