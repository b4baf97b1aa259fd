"""Sixteen clients of one account at once, while the market matches: they wait for each other, and nobody fails."""

import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D
from threading import Barrier, Event

import pytest
from django.db import connection

from tests.trading.rows import make_account, make_instrument, set_quote
from trading import services
from trading.audit import audit
from trading.errors import TradingError
from trading.models import OPEN_STATUSES, Account, Fill, Instrument, Order

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one write lock for everything"),
]

CLIENTS = 16
ACTS = 15  # of each client
AUDITS = 5
START_SECONDS = 30


def trade(account: Account, seed: int, start: Barrier) -> int:
    """Do what a nervous client does, and return how much of it was refused; anything but a refusal is raised."""
    dice, refused = random.Random(seed), 0
    start.wait(START_SECONDS)
    try:
        for number in range(ACTS):
            try:
                act(account, dice, f"order-{number}")
            except TradingError:
                refused += 1
    finally:
        connection.close()
    return refused


def act(account: Account, dice: random.Random, client_order_id: str) -> None:
    orders = list(Order.objects.filter(account=account, status__in=OPEN_STATUSES).order_by("id")[:10])
    symbol, side = dice.choice(["AAPL", "TSLA"]), dice.choice(["buy", "sell"])
    kind = dice.choice(["place", "place", "amend", "cancel", "market", "shared", "close", "cancel all"])
    price = D(dice.randint(90, 110))
    if kind == "place":
        order = {"symbol": symbol, "side": side, "type": "limit", "amount": D(dice.randint(1, 50)), "price": price}
        services.order_place(account=account, **order)
    elif kind == "market":
        amount = D(dice.randint(1, 20))
        services.order_place(account=account, symbol=symbol, side=side, type="market", amount=amount)
    elif kind == "shared":  # every client sends this one
        body = {"symbol": "AAPL", "side": "buy", "type": "limit", "amount": D(1), "price": D(80)}
        services.order_place(account=account, client_order_id=client_order_id, **body)
    elif kind == "close":
        services.position_close(account=account, symbol=symbol)
    elif kind == "cancel all" and dice.random() < 0.3:
        services.orders_cancel(account=account, symbol=symbol)
    elif kind == "amend" and orders:
        services.order_amend(order=dice.choice(orders), price=price, amount=D(dice.randint(1, 60)))
    elif kind == "cancel" and orders:
        services.order_cancel(order=dice.choice(orders))


def move_the_market(start: Barrier, over: Event) -> int:
    """Quote and match until the clients are done; return the number of fills."""
    dice, fills = random.Random(0), 0
    start.wait(START_SECONDS)
    try:
        while not over.is_set():
            for instrument in Instrument.objects.all():
                middle = dice.randint(92, 108)
                set_quote(instrument, str(middle - 1), str(middle + 1))
            fills += services.orders_match()
            services.accounts_liquidate()
    finally:
        connection.close()
    return fills


def test_clients_of_one_account_and_the_market_never_fail_each_other():
    for symbol in ("AAPL", "TSLA"):
        set_quote(make_instrument(symbol), "99", "101")
    account = make_account(leverage=3)
    start, over = Barrier(CLIENTS + 1), Event()
    with ThreadPoolExecutor(CLIENTS + 1) as threads:
        market = threads.submit(move_the_market, start, over)
        try:
            clients = [threads.submit(trade, account, seed, start) for seed in range(CLIENTS)]
            for _ in range(AUDITS):
                assert audit() == []  # at any time, on a database in use
            refused = [client.result() for client in clients]
        finally:
            over.set()
        matched = market.result()
    assert audit() == []
    assert sum(refused) < CLIENTS * ACTS / 2
    assert matched > 0
    assert Fill.objects.count() > matched
    shared = Order.objects.exclude(client_order_id=None).values_list("client_order_id", flat=True)
    assert len(shared) == len(set(shared)) > 0
