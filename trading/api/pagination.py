"""Pages of long lists: an opaque cursor says where the next one begins."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field

from trading.api.problems import ProblemError
from trading.selectors.pages import LARGEST_PAGE, PAGE_SIZE

CURSOR = re.compile(r"([a-z]+)\.([1-9][0-9]{0,18})", re.ASCII)


class PageQuery(BaseModel):
    """Where a page begins and how long it may be."""

    cursor: Annotated[
        str | None, Field(max_length=100, description="`nextCursor` of the page before; none for the first page.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE, description="How many items a page has at most.")] = PAGE_SIZE

    def before(self, listed: str) -> int | None:
        """Return the id that the page begins below; raise ProblemError for a cursor that is not one of this list."""
        return None if self.cursor is None else cursor_id(listed, self.cursor)


def cursor_text(listed: str, before: int | None) -> str | None:
    """Return the cursor of the page of `listed` (orders, fills, ...) below an id."""
    return None if before is None else urlsafe_b64encode(f"{listed}.{before}".encode()).decode().rstrip("=")


def cursor_id(listed: str, cursor: str) -> int:
    """Return the id in a cursor of `listed`; raise ProblemError `invalid_cursor`."""
    try:
        text = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    found = CURSOR.fullmatch(text)
    if found is None or found[1] != listed:
        message = _("Expected the nextCursor of a page of %(listed)s; found %(cursor)s.")
        raise ProblemError("invalid_cursor", message % {"listed": listed, "cursor": repr(cursor)})
    return int(found[2])
