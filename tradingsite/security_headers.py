"""The one header of a strict site that Django has no setting for."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

# What the pages never ask of a browser; whatever was slipped into one can't either.
REFUSED: tuple[str, ...] = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
)
REFUSED += ("midi", "payment", "publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking")
POLICY = ", ".join(f"{feature}=()" for feature in REFUSED)


class PermissionsPolicy(MiddlewareMixin):
    """Forbid the page, and whatever it embeds, the devices and powers that it does not use."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", POLICY)
        return response
