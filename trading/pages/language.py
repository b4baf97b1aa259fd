"""The language of who is signed in."""

from django.http import HttpRequest
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin


class UserLanguage(MiddlewareMixin):
    """Answer in the language that the user has chosen; without a choice Django's LocaleMiddleware follows the browser.

    Its place is after the AuthenticationMiddleware.
    """

    def process_request(self, request: HttpRequest) -> None:
        chosen = getattr(request.user, "language", "")  # who is signed out has none
        if chosen:
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language()
