import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tradingsite.environment import BASE_DIR, read_environment

PRODUCTION = {"SECRET_KEY": "a-long-random-key", "ALLOWED_HOSTS": "trading.example.com"}


class Recording(dict):
    """Variables that remember which of them were asked for."""

    def __init__(self, *args):
        super().__init__(*args)
        self.asked = set()

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)


def read(**variables):
    return read_environment({**PRODUCTION, **variables})


def test_debug_needs_nothing_else():
    environment = read_environment({"DEBUG": "1"})
    assert environment.debug
    assert not environment.https
    assert environment.allowed_hosts == ["localhost", "127.0.0.1"]


def test_production_is_the_default_and_wants_https():
    environment = read()
    assert not environment.debug
    assert environment.https


def test_an_empty_variable_counts_as_absent():
    assert read(DEBUG="", REDIS_URL="", DATABASE_URL="", LOG_LEVEL="") == read()


@pytest.mark.parametrize("text", ["1", "true", "YES", " on "])
def test_the_words_for_true(text):
    assert read(DEBUG=text).debug


@pytest.mark.parametrize("text", ["0", "false", "No", "off"])
def test_the_words_for_false(text):
    assert not read(SITE_HTTPS=text).https


def test_lists_are_separated_by_commas():
    assert read(ALLOWED_HOSTS="a.example.com, b.example.com,").allowed_hosts == ["a.example.com", "b.example.com"]


def test_a_secret_key_may_have_any_characters():
    assert read(SECRET_KEY="$dollar#hash=equals").secret_key == "$dollar#hash=equals"


def test_a_database_url_is_taken_apart():
    database = read(DATABASE_URL="postgres://trader:p%40ss@db.example.com:5433/trading").database
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["USER"], database["PASSWORD"], database["HOST"]) == ("trader", "p@ss", "db.example.com")
    assert (database["PORT"], database["NAME"]) == (5433, "trading")


def test_the_database_is_sqlite_in_the_var_folder_by_default():
    database = read(VAR_DIR="/srv/var").database
    assert database["ENGINE"] == "django.db.backends.sqlite3"
    assert database["NAME"] == "/srv/var/db.sqlite3"


def test_push_intervals_are_seconds_by_feed():
    assert read(PUSH_INTERVALS="balance=10, pnl=2.5").push_intervals == {"balance": 10.0, "pnl": 2.5}


@pytest.mark.parametrize(
    ("name", "value", "expected", "found"),
    [
        ("DEBUG", "maybe", "must be one of 1, true", "'maybe'"),
        ("SITE_HTTPS", "2", "must be one of 1, true", "'2'"),
        ("DATABASE_URL", "mysql://host/name", "sqlite://, postgres://, postgresql://", "'mysql'"),
        ("DATABASE_URL", "trading", "sqlite://, postgres://", "'no scheme'"),
        ("DATABASE_URL", "postgres://host:5432/", "must name a database", "postgres://"),
        ("DATABASE_URL", "postgres://host:many/name", "number from 0 to 65535", "'many'"),
        ("REDIS_URL", "http://127.0.0.1", "redis://, rediss://, unix://", "'http'"),
        ("REDIS_URL", "redis://127.0.0.1:70000/0", "number from 0 to 65535", "range"),
        ("PUSH_INTERVALS", "balance", "NAME=SECONDS", "'balance'"),
        ("PUSH_INTERVALS", "balance=0", "above 0", "'balance=0'"),
        ("PUSH_INTERVALS", "balance=nan", "above 0", "'balance=nan'"),
        ("PUSH_INTERVALS", "=5", "NAME=SECONDS", "'=5'"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR", "'LOUD'"),
        ("SECRET_KEY", "", "long random string", "is not set"),
        ("ALLOWED_HOSTS", " , ", "host names", "is not set"),
    ],
)
def test_an_error_names_the_variable_what_was_expected_and_what_was_found(name, value, expected, found):
    with pytest.raises(ImproperlyConfigured) as caught:
        read(**{name: value})
    message = str(caught.value)
    assert message.startswith(name)
    assert expected in message
    assert found in message


def test_an_error_does_not_show_a_password():
    with pytest.raises(ImproperlyConfigured) as caught:
        read(DATABASE_URL="mysql://trader:hunter2@host/name")
    assert "hunter2" not in str(caught.value)


def test_the_example_lists_every_variable_that_is_read():
    variables = Recording(PRODUCTION)
    read_environment(variables)
    assert variables.asked == set(example())


def test_the_example_is_valid_once_the_secret_key_is_filled_in():
    assert read_environment({**example(), "SECRET_KEY": "x"}).allowed_hosts == ["trading.example.com"]


def example():
    lines = Path(BASE_DIR / ".env.example").read_text().splitlines()
    return dict(match.groups() for match in (re.fullmatch(r"([A-Z_]+)=(.*)", line) for line in lines) if match)
