import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from trading.market.market import Market
from trading.models import Candle, Quote

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("source", ["replay", "random-walk"])
def test_it_runs_so_many_ticks(source, caplog):
    caplog.set_level("INFO", "trading")
    call_command("runmarket", "--source", source, "--ticks", "3", "--interval", "0.01", "--speed", "6000")
    assert set(Quote.objects.values_list("source", flat=True)) == {source}
    assert Candle.objects.filter(interval="1m").count() == 5 * 3
    assert re.search(f"The market starts: source {source}, seed 1, 6000 market seconds a second", caplog.text)
    assert "The market has stopped at" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_once_is_one_tick():
    call_command("runmarket", "--once", "--no-robots")
    assert Candle.objects.filter(interval="1m").count() == 5


@pytest.mark.django_db(transaction=True)
def test_a_second_market_is_refused_when_the_ticks_are_counted():
    call_command("runmarket", "--once")
    with pytest.raises(CommandError, match="only one market may run"):
        call_command("runmarket", "--once")
    Quote.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    call_command("runmarket", "--once")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--speed", "0"], "--speed: expected a number above 0, at most 23400; found '0'"),
        (["--speed", "fast"], "--speed: expected a number above 0, at most 23400; found 'fast'"),
        (["--speed", "nan"], "--speed: expected a number above 0, at most 23400; found 'nan'"),
        (["--interval", "-1"], "--interval: expected a number above 0, at most 2; found '-1'"),
        (["--interval", "3"], "--interval: expected a number above 0, at most 2; found '3'"),
        (["--source", "tea-leaves"], "--source: invalid choice: 'tea-leaves' .choose from 'replay', 'random-walk'"),
        (["--ticks", "0"], "--ticks: expected a whole number above 0; found '0'"),
        (["--seed", "x"], "--seed: invalid int value: 'x'"),
        (["--ticks", "1", "--once"], "--once: not allowed with argument --ticks"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(CommandError, match=message):
        call_command("runmarket", *arguments)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_is_an_error_when_the_ticks_are_counted(monkeypatch):
    monkeypatch.setattr(Market, "tick", _gone)
    with pytest.raises(CommandError, match="server closed the connection"):
        call_command("runmarket", "--once", "--no-robots")


def _gone(market):
    raise OperationalError("server closed the connection\n")


@pytest.mark.django_db(transaction=True)
def test_the_market_starts_at_once_on_the_demos_own_quotes(caplog):
    caplog.set_level("INFO", "trading")
    call_command("seeddemo", "--yes-this-is-a-demo", "--verbosity", "0")
    call_command("runmarket", "--once")
    assert "The market waits" not in caplog.text
    assert "The market goes on from 2012-05-18 09:30:00 (New York)." in caplog.messages


@pytest.mark.django_db(transaction=True)
def test_a_market_that_only_waited_says_so(caplog, monkeypatch):
    caplog.set_level("INFO", "trading")
    monkeypatch.setattr("trading.market.runner.MarketRunner.run", lambda runner: None)
    call_command("runmarket")
    assert caplog.messages[-1] == "The market has stopped; it had not written anything."


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_cleanly(tmp_path, number):
    environment = os.environ | {"DEBUG": "1", "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    command = [*manage, "runmarket", "--interval", "0.1"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "starts at its first day" in line:
                process.send_signal(number)
        log = "".join(lines)
        assert process.wait(timeout=20) == 0, log
    assert "Traceback" not in log
    assert "The market has stopped at" in lines[-1]
