import logging
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils.log import AdminEmailHandler

from tradingsite.settings import _database


def test_sqlite_writers_wait_for_each_other():
    options = _database({"ENGINE": "django.db.backends.sqlite3", "NAME": "x"})["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in options["init_command"]
    assert options["timeout"] > 0


def test_every_wait_for_postgresql_ends():
    options = _database({"ENGINE": "django.db.backends.postgresql", "NAME": "x"})["OPTIONS"]
    assert "-c statement_timeout=" in options["options"]
    assert "-c lock_timeout=" in options["options"]
    assert options["connect_timeout"] > 0
    assert options["pool"]["timeout"] > 0


def test_the_database_url_may_set_its_own_limits():
    given = {"options": "-c statement_timeout=0"}
    database = _database({"ENGINE": "django.db.backends.postgresql", "NAME": "x", "OPTIONS": given})
    assert database["OPTIONS"]["options"] == "-c statement_timeout=0"


def test_an_idle_subscription_has_no_socket_timeout():
    (host,) = settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"]
    assert host["socket_timeout"] is None


def test_the_test_database_of_sqlite_is_a_file(db):
    from django.db import connection

    if connection.vendor == "sqlite":
        assert Path(connection.settings_dict["NAME"]).is_file()
    else:
        assert connection.settings_dict["NAME"].startswith("test_")


def test_the_migrations_match_the_models(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_django_logs_through_the_root_alone():
    django = logging.getLogger("django")
    assert django.propagate
    assert not [handler for handler in django.handlers if type(handler) in (logging.StreamHandler, AdminEmailHandler)]
