"""`manage.py auditbooks`: check that every account's figures follow from what has happened."""

from argparse import RawDescriptionHelpFormatter
from textwrap import TextWrapper
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.audit import INVARIANTS, audit_report
from trading.models import Account

WRAPPER = TextWrapper(width=100, initial_indent="  ", subsequent_indent=" " * 25)


class Command(BaseCommand):
    help = (
        "Check the books of all accounts, or of some, as they are at one moment. It changes nothing, stops nobody and "
        "may run at any time. It ends with code 1 and a line for each broken invariant, which says whose it is, what "
        "was expected and what was found."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        lines = (WRAPPER.fill(f"{name:<22} {meaning}") for name, meaning in INVARIANTS.items())
        epilog = "\n".join(["what is checked:", *lines])
        parser = super().create_parser(prog_name, subcommand, epilog=epilog, **kwargs)
        parser.formatter_class = _Formatter
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--account",
            action="append",
            default=[],
            metavar="ID or USER/NAME",
            help="audit this account only; may be given several times (default: all accounts)",
        )

    def handle(self, *, account: list[str], **options: Any) -> None:
        report = audit_report([_account_id(text) for text in account] if account else None)
        for finding in report.findings:
            self.stdout.write(str(finding))
        seen = f"{report.accounts} accounts, {report.entries} ledger entries, {report.orders} orders, "
        seen += f"{report.fills} fills"
        if report.findings:
            whose = {finding.account_id for finding in report.findings if finding.account_id}
            raise CommandError(f"{len(report.findings)} broken invariants in {len(whose)} accounts ({seen} audited).")
        self.stdout.write(f"The books are exact: {seen}.")


class _Formatter(RawDescriptionHelpFormatter):
    """Keeps the lines of the list of invariants, and wraps the description."""

    def add_text(self, text: str | None) -> None:
        if text is not None and "\n" not in text:
            text = TextWrapper(width=100).fill(text)
        super().add_text(text)


def _account_id(text: str) -> int:
    accounts = Account.objects.all()
    if text.isdecimal():
        accounts = accounts.filter(pk=int(text))
    else:
        username, _, name = text.rpartition("/")
        accounts = accounts.filter(user__username=username, name=name)
    found = accounts.values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"Expected an account's id or USER/NAME, as in 12 or alice/paper; found {text!r}.")
    return found
