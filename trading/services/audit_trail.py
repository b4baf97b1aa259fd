"""Write the audit trail: always in the transaction of the act that it tells of."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model
from django.utils.translation import gettext as _

from trading.errors import TradingError
from trading.models import AuditEntry, User
from trading.wire import decimal_text

REASON_LENGTH = 200
SECRET = "(secret)"  # what the trail shows of a password


@dataclass(frozen=True, slots=True)
class Operator:
    """Who acts, and from where; without a user it is a command or the site itself."""

    user: User | AnonymousUser | None = None
    address: str = ""
    agent: str = ""

    @property
    def account_holder(self) -> User | None:
        """The user, for columns that refer to one."""
        return self.user if isinstance(self.user, User) else None


def audit_note(
    by: Operator,
    action: str,
    *,
    subject: Any = None,
    row: Model | None = None,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write that `by` did `action` to the user `subject`, at the row `row`; call it inside the act's transaction.

    Values of `before` and `after` become strings; what is None is left out.
    """
    actor = by.account_holder
    return AuditEntry.objects.create(
        action=action,
        actor_id=actor.pk if actor else None,
        actor=actor.get_username() if actor else "",
        subject_id=subject.pk if subject is not None else None,
        subject=subject.get_username() if subject is not None else "",
        object_type=row._meta.label_lower if row is not None else "",
        object_id=str(row.pk)[:64] if row is not None else "",
        object_text=_plain(str(row), 200) if row is not None else "",
        reason=reason,
        before=_texts(before),
        after=_texts(after),
        address=_plain(by.address, 64),
        agent=_plain(by.agent, 200),
    )


def on_watch(watcher: User, user: User, address: str, agent: str) -> None:
    """Write that somebody begins to watch a user's live state; settings.CONSUMERS names this, for each such socket."""
    audit_note(Operator(watcher, address, agent), AuditEntry.Action.USER_WATCH, subject=user, row=user)


def checked_reason(reason: str) -> str:
    """Return the reason without space around it; raise TradingError `reason_required` for none, or too long a one."""
    text = _plain(reason.strip(), REASON_LENGTH + 1)
    if not text or len(text) > REASON_LENGTH:
        message = _("Give a reason of 1 to %(most)s characters; found %(found)s.")
        raise TradingError("reason_required", message % {"most": REASON_LENGTH, "found": len(text)})
    return text


def _texts(values: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: _value_text(value) for name, value in (values or {}).items() if value is not None}


def _value_text(value: Any) -> str:
    return decimal_text(value) if isinstance(value, Decimal) else str(value)


def _plain(text: str, length: int) -> str:
    """Return the text without what would break a line of a log, a table or a file."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:length]
