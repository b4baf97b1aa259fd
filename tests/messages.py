"""Collect the site's words for its translators, and compile what they wrote: `python -m tests.messages`.

Needs GNU gettext (Debian: apt install gettext), which neither the site nor who only runs it needs: the compiled catalog
is in the tree. What it writes into `locale/` is committed; a word without a translation, or with a doubtful one, is
found by `msgattrib --untranslated` and `--only-fuzzy`, and fails a test.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans"
CATALOG = Path("locale") / LOCALE / "LC_MESSAGES" / "django.po"
# What gettext writes anew each time, or what a project like this does not have.
PASSING = ('"POT-Creation-Date:', '"Report-Msgid-Bugs-To:')
IGNORED = (".venv/*", "tests/*", "var/*", "build/*")


def collect(root: Path) -> None:
    """Bring the catalog below `root` up to date with the sources there; translations are kept."""
    ignored = [f"--ignore={pattern}" for pattern in IGNORED]
    # No places in the sources: they would change the catalog with every line that moves.
    options = ["--no-location", "--no-wrap", "--no-obsolete", "--verbosity=0", *ignored]
    _run(root, sys.executable, "-m", "django", "makemessages", f"--locale={LOCALE}", *options)
    lines = (root / CATALOG).read_text().splitlines(keepends=True)
    (root / CATALOG).write_text("".join(line for line in lines if not line.startswith(PASSING)))


def compiled(root: Path, catalog: Path) -> None:
    """Write the compiled form of `root`'s catalog to the path `catalog`."""
    _run(root, "msgfmt", "--check-format", str(CATALOG), "-o", str(catalog))


def _run(root: Path, *command: str) -> None:
    # Without settings: the command collects below the folder that it runs in.
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    collect(ROOT)
    compiled(ROOT, (ROOT / CATALOG).with_suffix(".mo"))
