from decimal import Decimal as D

import pytest
from django.core.exceptions import FieldError, ValidationError
from django.db import IntegrityError, connection
from django.db.models import Avg, F, Max, Sum
from django.forms import modelform_factory

from tests.trading.rows import bulk_accounts, make_account, make_instrument
from trading.models import Account, Instrument, Position
from trading.models.fields import exact

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    ["12345678.00000001", "9999999999.99999999", "-9999999999.99999999", "-12345678.00000001", "0", "-0.00000001"],
)
def test_18_digits_come_back_as_they_went(text):
    account = make_account(total=D(text))
    assert Account.objects.get(pk=account.pk).total == D(text)
    assert Account.objects.filter(pk=account.pk).values_list("total", flat=True).get() == D(text)


def test_neighbours_in_the_last_digit_are_told_apart():
    near, at = D("9999999999.99999998"), D("9999999999.99999999")
    account = make_account(total=at)
    mine = Account.objects.filter(pk=account.pk)
    assert mine.filter(total=at, total__gt=near).exists()
    assert not mine.filter(total__lte=near).exists()
    assert mine.filter(total__in=[at], total__range=(near, at)).exists()


def test_sums_and_extremes_are_exact():
    first, second = bulk_accounts(2)
    Account.objects.filter(pk=first.pk).update(total=D("12345678.00000001"))
    Account.objects.filter(pk=second.pk).update(total=D("-0.00000003"))
    both = Account.objects.filter(pk__in=[first.pk, second.pk])
    assert both.aggregate(sum=Sum("total"), top=Max("total")) == {
        "sum": D("12345677.99999998"),
        "top": D("12345678.00000001"),
    }


def test_columns_add_and_subtract_in_the_database():
    account = make_account(total=D("0.3"), used=D("0.1"))
    assert Account.objects.annotate(left=F("total") - F("used")).get(pk=account.pk).left == D("0.2")
    Account.objects.filter(pk=account.pk).update(total=F("total") + F("used"))
    account.refresh_from_db()
    assert account.total == D("0.4")


def test_columns_compare_in_the_database():
    account = make_account(total=D("0.00000002"), used=D("0.00000001"))
    assert Account.objects.filter(pk=account.pk, total__gt=F("used")).exists()


def test_products_in_the_database_are_refused():
    with pytest.raises(FieldError):
        Account.objects.annotate(product=F("total") * F("used")).first()


def test_an_average_is_right_or_an_error():
    for account, total in zip(bulk_accounts(2), (D("0.1"), D("0.2")), strict=True):
        Account.objects.filter(pk=account.pk).update(total=total)
    if connection.vendor == "sqlite":  # which averages integers as a float
        with pytest.raises(TypeError, match="scaled integer"):
            Account.objects.aggregate(average=Avg("total"))
    else:
        assert Account.objects.aggregate(average=Avg("total")) == {"average": D("0.15")}


@pytest.mark.parametrize("value", ["0.000000001", "10000000000", "NaN", "Infinity", "ten", 0.1, True, D("1E+30")])
def test_what_does_not_fit_is_refused(value):
    with pytest.raises(ValidationError):
        exact(value)


def test_a_save_never_rounds():
    account = make_account()
    account.total = D("0.000000001")
    with pytest.raises(ValidationError, match="8 decimal places"):
        account.save()


def test_constraints_hold_on_exact_columns():
    account = make_account()
    with pytest.raises(IntegrityError):
        Account.objects.filter(pk=account.pk).update(used=D("-0.00000001"))


def test_null_stays_null(account):
    position = Position.objects.create(account=account, instrument=make_instrument("NULL"))
    position.refresh_from_db()
    assert position.take_profit is None


def test_forms_take_18_digits():
    form_class = modelform_factory(Instrument, fields=["minimum_notional"])
    assert form_class({"minimum_notional": "9999999999.99999999"}).is_valid()
    assert "minimum_notional" in form_class({"minimum_notional": "0.000000001"}).errors
