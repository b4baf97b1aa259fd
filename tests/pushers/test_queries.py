"""Users as one parameter of a query, and their rows as one text."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import BinaryField, FloatField, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pushers.queries import Selection, row_texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def users():
    return get_user_model().objects.bulk_create(
        get_user_model()(username=name, first_name=first) for name, first in (("a", "x"), ("b", ""), ("c", "(,)"))
    )


def texts(users, *columns):
    return row_texts(get_user_model().objects.all(), [user.pk for user in users], "id", *columns)


def test_any_of_finds_what_in_finds(users):
    ids = [users[0].pk, users[2].pk, 10**9]
    assert set(get_user_model().objects.filter(pk__any_of=ids)) == {users[0], users[2]}
    assert not get_user_model().objects.filter(pk__any_of=[]).exists()


def test_any_of_takes_text(users):
    assert get_user_model().objects.get(username__any_of=["b", "'; --"]) == users[1]


def test_the_text_is_another_whenever_a_value_is(users):
    before = texts(users, "username", "first_name", "last_login")
    seen = [before[users[0].pk]]
    for change in ({"first_name": "y"}, {"first_name": ""}, {"last_login": "2020-01-01T00:00:00Z"}, {"username": "x"}):
        get_user_model().objects.filter(pk=users[0].pk).update(**change)
        after = texts(users, "username", "first_name", "last_login")
        assert after[users[0].pk] not in seen
        assert after[users[1].pk] == before[users[1].pk]
        seen.append(after[users[0].pk])


def test_what_stands_between_values_cannot_be_faked_by_a_value(users):
    get_user_model().objects.filter(pk=users[0].pk).update(first_name="p,q", last_name="r")
    before = texts(users, "first_name", "last_name")[users[0].pk]
    get_user_model().objects.filter(pk=users[0].pk).update(first_name="p", last_name="q,r")
    assert texts(users, "first_name", "last_name")[users[0].pk] != before


@pytest.mark.parametrize(
    ("value", "other", "field"),
    [(0.3, 0.1 + 0.2, FloatField()), (1e300, 1.0000000000000002e300, FloatField()), (b"a", b"b", BinaryField())],
)
def test_numbers_that_differ_in_their_last_digit_and_bytes_are_told_apart(users, value, other, field):
    one, two = (texts(users, Value(given, output_field=field)) for given in (value, other))
    assert one[users[0].pk] != two[users[0].pk]


def test_who_has_no_row_has_an_empty_text_and_all_cost_one_query(users):
    with CaptureQueriesContext(connection) as captured:
        found = row_texts(get_user_model().objects.all(), [users[0].pk, 10**9], "id", "username")
    assert len(captured) == 1
    assert found.keys() == {users[0].pk, 10**9}
    assert found[10**9] == ""


def joined_since(users, since):
    return (
        get_user_model().objects.filter(pk__any_of=users, date_joined__gte=since).order_by("pk").values_list(*COLUMNS)
    )


COLUMNS = ("pk", "username", "date_joined", "last_login", "is_active")


def test_a_selection_has_the_rows_and_values_of_the_query_it_was_made_of(users):
    selection, ids, old = Selection(joined_since), [user.pk for user in users], timezone.now() - timedelta(days=1)
    for asked, since in ((ids, old), (ids[:1], old), ([], old), (ids, timezone.now() + timedelta(days=1)), (ids, old)):
        assert [tuple(row) for row in selection(asked, since=since)] == list(joined_since(asked, since))


def test_a_selection_is_built_once_and_costs_a_query_each_time(users):
    built = []

    def build(users):
        built.append(users)
        return get_user_model().objects.filter(pk__any_of=users).values_list("pk")

    selection = Selection(build)
    with CaptureQueriesContext(connection) as captured:
        for user in users:
            assert [tuple(row) for row in selection([user.pk])] == [(user.pk,)]
    assert (len(built), len(captured)) == (1, len(users))


def test_a_selection_takes_keys_of_text(users):
    by_name = Selection(lambda names: get_user_model().objects.filter(username__any_of=names).values_list("pk"))
    assert [tuple(row) for row in by_name(["b", "'; --"])] == [(users[1].pk,)]
