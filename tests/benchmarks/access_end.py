"""How soon access that ends, ends its socket: `python -m tests.benchmarks.access_end [--times 20] [--sockets 5000]`.

Starts a Redis and the production server; another process signs users out, deactivates them, and so on, and each time
counts from the end of that call to the close at the client. Then prints what a check of many sockets takes by itself.
"""

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.servers import redis_server
from tests.site.web_process import SIGN_IN, ForeignSite, foreign_site

DO = """
import time
from importlib import import_module
from django.conf import settings
from django.contrib.auth import get_user_model, logout
from django.http import HttpRequest
from pushers import disconnect
user = get_user_model().objects.get(username={name!r})
request = HttpRequest()
request.user, request.session = user, import_module(settings.SESSION_ENGINE).SessionStore({session!r})
{action}
print(time.monotonic())
"""
ACTIONS = {
    "signed out": "logout(request)",
    "deactivated": "user.is_active = False; user.save()",
    "password changed": "user.set_password('another'); user.save()",
    "session deleted": "request.session.delete()",
    "disconnect()": "disconnect([user.pk])",
}
CHECK = """
import time
from django.contrib.auth import get_user_model
from django.db import connection, reset_queries, transaction
from consumers.access_check import Claim, check_claims
from consumers.access_watch import BATCH
from consumers.proof import Proof
claims = []
with transaction.atomic():
    for number in range({sockets}):
        name = f"trader-{{number}}"
        user = get_user_model().objects.create(username=name)
        session = store()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), settings.AUTHENTICATION_BACKENDS[-1]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        claims.append(Claim(Proof(user.pk, session_key=session.session_key), frozenset({{"parcels"}})))
reset_queries()
began = time.perf_counter()
for start in range(0, len(claims), BATCH):
    assert {{verdict.code for verdict in check_claims(claims[start:start + BATCH])}} == {{None}}
seconds = time.perf_counter() - began
print(len(connection.queries), seconds * 1000, len(claims) / BATCH)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--sockets", type=int, default=5000)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        site = stack.enter_context(foreign_site(folder, stack.enter_context(redis_server(folder))))
        site.start_web(ACCESS_SECONDS=3600)
        for name, action in ACTIONS.items():
            measured = [_close_after(site, f"{name} {number}", action) for number in range(options.times)]
            codes = {code for code, _ in measured}
            times = [milliseconds for _, milliseconds in measured]
            print(f"  {name:<18} {codes}   p50 {statistics.median(times):6.0f} ms   most {max(times):6.0f} ms")
        setup = SIGN_IN.partition("user, _ =")[0] + "store = import_module(settings.SESSION_ENGINE).SessionStore\n"
        queries, taken, batches = site.python(setup + CHECK.format(sockets=options.sockets)).split()
        print(f"  a check of {options.sockets} sockets: {queries} queries, {float(taken):.0f} ms, {batches} batches")


def _close_after(site: ForeignSite, name: str, action: str) -> tuple[int | None, float]:
    session = site.sign_in(name)
    client = site.client(session).subscribe("parcels")
    ended = float(site.python(DO.format(name=name, session=session, action=action)))
    code = client.until_closed()
    return code, (client.closed_at - ended) * 1000


if __name__ == "__main__":
    main()
