"""Who asks, and what he may: the session of a browser, or the token of a program."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.translation import gettext as _
from ninja.security.base import AuthBase

from trading.api.problems import ProblemError
from trading.api_tokens import authenticate
from trading.models import User


class TokenAuth(AuthBase):
    """`Authorization: Token ...`; a request that has this header is the token's, whatever cookies come with it."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "Authorization"
    openapi_description = "The word `Token`, a blank, and an API token with the scope `read` or `trade`."

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> User | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _blank, secret = header.partition(" ")
        found = authenticate(secret.strip()) if scheme.lower() == "token" else None
        if found is None:
            message = _("Expected the header Authorization: Token ... with a token that is valid.")
            raise ProblemError("invalid_token", message)
        user, scopes = found
        if self.scope not in scopes:
            message = _("Expected a token with the scope %(scope)s; found %(scopes)s.")
            words = {"scope": self.scope, "scopes": ", ".join(sorted(scopes))}
            raise ProblemError("scope_missing", message % words, scope=self.scope)
        return user


class SessionAuth(AuthBase):
    """Django's session cookie; a method that changes something needs the CSRF token too."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    openapi_description = "The cookie of the site's sign-in. Unsafe methods also need the header `X-CSRFToken`."
    csrf = True  # the docs page sends the CSRF token with what is tried out there

    def __call__(self, request: HttpRequest) -> User | None:
        user = request.user
        if not isinstance(user, User):
            return None
        # Ninja's views are exempt from the middleware, because a program's requests need no CSRF token.
        _CsrfCheck(_no_response).process_view(request, _no_response, (), {})
        return user


class _CsrfCheck(CsrfViewMiddleware):
    """Django's check, which ends in a problem instead of a page."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        message = _("Expected the CSRF cookie's token in the header X-CSRFToken (%(reason)s).")
        raise ProblemError("csrf_failed", message % {"reason": reason.rstrip(".")})


def _no_response(request: HttpRequest) -> HttpResponse:
    raise NotImplementedError("only the check is used")


READ: list[Any] = [TokenAuth("read"), SessionAuth()]
TRADE: list[Any] = [TokenAuth("trade"), SessionAuth()]


def caller(request: HttpRequest) -> User:
    """Return the user that `READ` or `TRADE` has found."""
    user: User = request.auth  # type: ignore[attr-defined]
    return user
