"""Problems: what each code of an error means."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from trading.api.problems import KINDS, TYPE_BASE, Kind, ProblemError
from trading.api.routers.router import DocumentRouter
from trading.api.schemas.tokens import ProblemKind, ProblemKinds

router = DocumentRouter("Problems")


@router.get("/problems", auth=None, response=ProblemKinds, summary="All codes")
def problem_list(request: HttpRequest) -> Any:
    """Every code that an error can carry."""
    return {"items": [_document(code, kind) for code, kind in KINDS.items()]}


@router.get("/problems/{code}", auth=None, response=ProblemKind, summary="One code")
def problem_show(request: HttpRequest, code: str) -> Any:
    """One code; this address is the `type` of its problems."""
    if code not in KINDS:
        raise ProblemError("not_found", _("There is no problem %(code)s.") % {"code": f"{code!r:.80}"})
    return _document(code, KINDS[code])


def _document(code: str, kind: Kind) -> dict[str, Any]:
    return {"code": code, "type": TYPE_BASE + code, "title": str(kind.title), "status": kind.status}
