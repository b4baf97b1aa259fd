import os
import signal
import threading
from time import monotonic

import pytest

from trading.market.stop_signals import StopSignals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_and_the_former_handler_returns(number):
    before = signal.getsignal(number)
    with StopSignals() as stop:
        assert not stop.stopped
        os.kill(os.getpid(), number)
        assert stop.stopped
        assert signal.getsignal(number) == before
    assert signal.getsignal(number) == before


def test_a_signal_ends_a_wait():
    began = monotonic()
    with StopSignals() as stop:
        timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        stop.wait(30)
        timer.join()
        assert stop.stopped
    assert monotonic() - began < 10


def test_a_wait_that_is_over_already_returns_at_once():
    with StopSignals() as stop:
        stop.wait(-1)
        assert not stop.stopped
