"""The form field that chooses among the trader's own accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from trading.models import Account, User


class AccountField(forms.ModelChoiceField):
    """Accounts by name; nobody's until `offer_accounts` has said whose."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Account"), queryset=Account.objects.none(), to_field_name="name", **options)

    def label_from_instance(self, obj: Any) -> str:
        """Return the account's name: whose it is goes without saying."""
        name: str = obj.name
        return name


def offer_accounts(form: forms.Form, user: User) -> list[Account]:
    """Let the form's field `account` choose among the user's accounts, and return them."""
    accounts = form.fields["account"]
    assert isinstance(accounts, AccountField)
    accounts.queryset = Account.objects.filter(user=user).order_by("name")
    return list(accounts.queryset)
