from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.trading.rows import make_account
from trading.audit import INVARIANTS
from trading.models import Account

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    try:
        call_command("auditbooks", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue(), str(error)
    return 0, out.getvalue(), ""


def test_it_says_that_the_books_are_exact(account):
    assert run() == (0, "The books are exact: 1 accounts, 1 ledger entries, 0 orders, 0 fills.\n", "")


def test_it_names_what_is_broken_and_ends_with_1(account):
    Account.objects.update(total=7)
    code, out, error = run()
    assert code == 1
    assert out.splitlines()[0].endswith("ledger_sum: total: expected 100000, found 7")
    assert error.startswith("2 broken invariants in 1 accounts (1 accounts, 1 ledger entries")


def test_accounts_are_given_by_id_or_name(account):
    other = make_account()
    Account.objects.filter(pk=make_account().pk).update(total=7)
    code, out, _ = run("--account", str(account.pk), "--account", f"{other.user.username}/paper")
    assert code == 0
    assert "2 accounts" in out


@pytest.mark.parametrize("unknown", ["999999", "nobody/paper", "nobody"])
def test_an_unknown_account_is_refused(account, unknown):
    assert run("--account", unknown)[::2] == (
        1,
        f"Expected an account's id or USER/NAME, as in 12 or alice/paper; found {unknown!r}.",
    )


def test_its_help_lists_what_is_checked(capsys):
    with pytest.raises(SystemExit):
        call_command("auditbooks", "--help")
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in INVARIANTS)
    assert max(len(line) for line in shown.splitlines()) <= 100
