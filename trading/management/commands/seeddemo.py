"""Fill a database for the demo: `manage.py seeddemo --yes-this-is-a-demo`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from trading.market.demo import ADMIN, PASSWORD, TRADERS, DemoError, seed_demo


class Command(BaseCommand):
    help = "Create the demo's instruments, first quotes, traders and admin. Whatever exists already stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--yes-this-is-a-demo",
            action="store_true",
            help="required: the users get a password that everybody knows",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes_this_is_a_demo"]:
            raise CommandError(
                f"seeddemo creates an admin whose password is public ({PASSWORD}). "
                "Where that is right, and nobody but you can reach the site, add --yes-this-is-a-demo."
            )
        try:
            created = seed_demo()
        except DemoError as error:
            raise CommandError(str(error)) from error
        names = ", ".join([*TRADERS, ADMIN])
        if options["verbosity"] > 0:
            self.stdout.write(f"The demo is ready ({created} users created). Sign in as {names}; password: {PASSWORD}")
