"""The API keeps what its own OpenAPI document promises, whatever it is sent: bounded, and the same cases each time."""

import json
from collections.abc import Iterator

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.trading.api.conftest import Caller
from tests.trading.selectors.traded import NOW, add_fill
from trading.api.root import api
from trading.models import Account, Candle, EquityPoint, Instrument, Order
from trading.services import order_place

pytestmark = pytest.mark.django_db
CASES = 10  # of each operation, valid ones and as many that are not
CHECKS = [
    not_a_server_error,
    checks.content_type_conformance,
    checks.negative_data_rejection,
    checks.response_schema_conformance,
    checks.status_code_conformance,
    checks.unsupported_method,
]
SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"))))
SCHEMA.app = WSGIHandler()
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
# What takes neither a body nor a query can't be asked wrongly: any text may be in a path.
RUNS = [(label, GenerationMode.POSITIVE) for label in OPERATIONS]
RUNS += [(label, GenerationMode.NEGATIVE) for label, found in OPERATIONS.items() if found.body or found.query]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Keep the connection of the test's transaction, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def _history(account: Account, instrument: Instrument) -> None:
    """The caller has an open order, a position, a history, candles and a curve."""
    place = {"account": account, "symbol": "AAPL", "side": "buy", "amount": 10}
    order_place(**place, type="market")
    order_place(**place, type="limit", price=90)
    add_fill(account, instrument, "5")
    prices = dict.fromkeys(("open", "high", "low", "close"), 100)
    Candle.objects.create(instrument=instrument, interval="1m", start=NOW, volume=5, **prices)
    EquityPoint.objects.create(account=account, interval="15m", at=NOW, equity=5)


def _name_what_exists(case: Case) -> None:
    """Make a valid request one of the caller's own objects: any other name is not found, and shows nothing."""
    known = {"account": "paper", "symbol": "AAPL", "code": "halted", "order_id": str(Order.objects.latest("id").pk)}
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: value for name, value in known.items() if name in part or name == "account"})
    for cursor in ("cursor", "since", "until"):
        (case.query or {}).pop(cursor, None)


@pytest.mark.parametrize(("label", "mode"), RUNS, ids=[f"{label} {mode.value}" for label, mode in RUNS])
def test_every_request_is_answered_as_described(label: str, mode: GenerationMode, trader: Caller) -> None:
    @settings(
        max_examples=CASES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def holds(case: Case) -> None:
        if mode is GenerationMode.POSITIVE:
            _name_what_exists(case)
        case.call_and_validate(checks=CHECKS, headers=trader.headers)

    holds()
