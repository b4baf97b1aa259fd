"""Who acts in the admin, as the audit trail names him."""

from django.http import HttpRequest

from trading.services import Operator


def operator_of(request: HttpRequest) -> Operator:
    """Return who has sent the request, and from where.

    The address is the connection's; behind a proxy that the web server trusts (--forwarded-allow-ips), what it says.
    """
    return Operator(request.user, request.META.get("REMOTE_ADDR") or "", request.META.get("HTTP_USER_AGENT", ""))
