"""Request bodies: JSON objects, read strictly."""

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.parser import Parser

from trading.api.problems import ProblemError


class StrictParser(Parser):
    """Refuses what is not JSON by RFC 8259 (NaN, Infinity) and names that come twice, of which one would be lost."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return the body; raise ProblemError `unsupported_media_type` or `malformed_json`."""
        if request.content_type != "application/json":
            message = _("Expected Content-Type: application/json; found %(type)s.")
            found = f"{request.content_type or _('none')!s:.80}"
            raise ProblemError("unsupported_media_type", message % {"type": found})
        try:
            body: dict[str, Any] = json.loads(
                request.body.decode(), parse_constant=_no_number, object_pairs_hook=_without_twins
            )
        except (ValueError, RecursionError) as error:
            raise ProblemError("malformed_json", _("Expected a JSON object: %(error)s.") % {"error": error}) from error
        return body


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON number")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r:.80} comes twice")
        found[name] = value
    return found
