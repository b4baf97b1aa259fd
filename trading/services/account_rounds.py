"""Go through accounts, one transaction each, so that what is wrong with one of them does not stop the others."""

import logging
from collections.abc import Callable, Iterable

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import DataError, IntegrityError

logger = logging.getLogger(__name__)

# What an account's own rows can cause, and an admin who deletes them. An outage of the database is everybody's: it goes
# up.
OF_ONE_ACCOUNT = (
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
    ValidationError,
    ObjectDoesNotExist,
    DataError,
    IntegrityError,
)


def account_round(account_ids: Iterable[int], work: Callable[[int], int]) -> int:
    """Do `work` for each account, which is one transaction, and return the sum of its results.

    An account whose work fails is logged and left as it was; the next round tries it again.
    """
    done = 0
    for account_id in account_ids:
        try:
            done += work(account_id)
        except OF_ONE_ACCOUNT:
            logger.exception("Account %s could not be worked on; the others are.", account_id)
    return done
