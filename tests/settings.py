"""The site's settings for the test run: a test database in a file, and quick passwords.

`python -m tests` gives REDIS_URL and DATABASE_URL; what else the environment says about the site does not count.
"""

import os
import shutil
from pathlib import Path

os.environ["DEBUG"] = "1"
for _name in ("SECRET_KEY", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "SITE_HTTPS", "PUSH_INTERVALS", "LOG_LEVEL"):
    os.environ.pop(_name, None)

from tradingsite.settings import *  # noqa: E402, F403
from tradingsite.settings import CONSUMERS, DATABASES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes 0.2 s on purpose

CONSUMERS = {**CONSUMERS, "PRESENCE": False}  # a writer beside every test that opens a socket; its own tests turn it on

if "sqlite" in DATABASES["default"]["ENGINE"]:
    # A file: a database in memory is not the same for every thread and process.
    DATABASES["default"]["TEST"] = {"NAME": f"{DATABASES['default']['NAME']}.test"}
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)


def chromium_path() -> str | None:
    """Return the Chromium for the browser tests: the variable CHROMIUM, or what the machine has, or None."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
