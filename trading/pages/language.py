"""The language of who is signed in."""

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin


class UserLanguage(MiddlewareMixin):
    """Answer in the language that the user has chosen; without a choice Django's LocaleMiddleware follows the browser.

    Its place is after the AuthenticationMiddleware. When the answer is made no language is active any more: what the
    thread does next, for nobody or for somebody else, is not in the language of who was here last.
    """

    def process_request(self, request: HttpRequest) -> None:
        chosen = getattr(request.user, "language", "")  # who is signed out has none
        if chosen:
            translation.activate(chosen)
            request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # Said here, and kept by the LocaleMiddleware, which knows only the language that is active when it is asked.
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        translation.deactivate()
        return response
