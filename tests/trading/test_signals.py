from decimal import Decimal

import pytest
from django.core import serializers
from django.core.management import call_command

from tests.trading.rows import make_user
from trading.models import Account, User

pytestmark = pytest.mark.django_db


def test_a_new_user_gets_an_account_with_its_deposit():
    account = make_user().accounts.get()
    assert (account.name, account.total, account.ledger.count()) == ("paper", Decimal(100000), 1)


def test_createsuperuser_opens_an_account_too():
    call_command("createsuperuser", username="root", email="root@example.com", interactive=False, verbosity=0)
    assert Account.objects.get().user.username == "root"


def test_a_saved_user_gets_no_second_account():
    user = make_user()
    user.first_name = "Ann"
    user.save()
    assert user.accounts.count() == 1


def test_a_fixture_brings_its_own_accounts():
    text = serializers.serialize("json", [User(pk=77, username="loaded")])
    for loaded in serializers.deserialize("json", text):
        loaded.save()
    assert User.objects.filter(pk=77).exists()
    assert not Account.objects.exists()


def test_exact_columns_survive_a_fixture(account):
    Account.objects.update(total=Decimal("9999999999.99999999"))
    (loaded,) = serializers.deserialize("json", serializers.serialize("json", Account.objects.all()))
    assert loaded.object.total == Decimal("9999999999.99999999")
