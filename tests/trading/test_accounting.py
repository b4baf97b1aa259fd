import json
from decimal import Decimal as D
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading import accounting
from trading.accounting import PositionState, apply_fill

CASES = json.loads((Path(__file__).parent.parent / "cases" / "accounting_cases.json").read_text())


def of(cases):
    return [pytest.param(case, id=case["id"]) for case in cases]


def case_named(kind, name):
    return next(case for case in CASES[kind] if case["id"] == name)


def run(case):
    """Yield the position after each step, with the step."""
    state, multiplier = PositionState(), D(case["multiplier"])
    for step in case["steps"]:
        fill = step["fill"]
        state = apply_fill(
            state,
            side=fill["side"],
            amount=D(fill["amount"]),
            price=D(fill["price"]),
            fee=D(fill["fee"]),
            multiplier=multiplier,
        ).state
        yield state, step["expect"], multiplier


@pytest.mark.parametrize("case", of(CASES["position_cases"]))
def test_positions_agree_with_the_collected_cases(case):
    for state, expect, multiplier in run(case):
        entry = accounting.entry_price(state.signed_amount, state.open_cost, multiplier)
        assert state.signed_amount == D(expect["signed_amount"])
        assert entry == (None if expect["entry_price"] is None else accounting.rounded(D(expect["entry_price"])))
        assert state.realized_pnl == accounting.rounded(D(expect["realized_pnl_gross"]))
        assert state.fees == D(expect["fees"])
        assert state.realized_pnl - state.fees == accounting.rounded(D(expect["realized_pnl_net"]))


@pytest.mark.parametrize("case", of(case for case in CASES["position_cases"] if case["marks"]))
def test_unrealized_pnl_agrees_with_the_collected_cases(case):
    *_, (state, _, multiplier) = run(case)
    for mark in case["marks"]:
        found = accounting.unrealized_pnl(state.signed_amount, state.open_cost, D(mark["markPrice"]), multiplier)
        assert found == D(mark["exact"])


@pytest.mark.parametrize("case", of(CASES["rounding_cases"]))
def test_what_rounding_takes_stays_with_the_position(case):
    state = PositionState(D(case["start"]["amount"]), D(case["start"]["cost"]))
    for step in case["steps"]:
        before = state.open_cost
        state = apply_fill(state, side="sell", amount=D(step["sell"]), price=D(step["price"]), fee=D(0)).state
        assert before - state.open_cost == D(step["costAllocated"])
        assert state.open_cost == D(step["costLeft"])
        assert state.realized_pnl == D(step["realizedPnlGross"])


def test_the_fee_of_a_flip_is_split_by_quantity():
    case = case_named("order_cases", "flip-fee-split")
    fee, amount = D(case["fill"]["fee"].split()[0]), D(case["fill"]["amount"])
    applied = apply_fill(PositionState(D(100000), D(100000)), side="sell", amount=amount, price=D(1), fee=fee)
    assert (applied.closing_fee, applied.opening_fee) == (D(2), D(1))
    assert applied.state.signed_amount == D(-50000)


def test_a_short_earns_when_the_mark_falls():
    assert accounting.unrealized_pnl(D(-4), D(400), D(90)) == D(40)


def test_percentage_is_of_the_margin():
    assert accounting.return_on_margin(D(5), D(20)) == D(25)
    assert accounting.return_on_margin(D(5), D(0)) is None


@pytest.mark.parametrize("case", of(CASES["validation_cases"]))
def test_the_grid_of_prices_and_amounts(case):
    step = D(case["filter"].get("tickSize") or case["filter"]["stepSize"])
    low = D(case["filter"].get("minPrice") or case["filter"]["minQty"])
    high = D(case["filter"].get("maxPrice") or case["filter"]["maxQty"])
    inside = [value for value in case["accept"] + case["reject"] if low <= D(value) <= high]
    on_grid = [value for value in inside if accounting.is_multiple(D(value), step)]
    assert on_grid == case["accept"]


fills = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.decimals("0.001", "5000", places=3),
        st.decimals("0.00001", "90000", places=5),
        st.decimals("0", "50", places=8),
    ),
    max_size=20,
)


@given(fills)
def test_cash_paid_and_received_explains_the_position_exactly(trades):
    state, cash, fees = PositionState(), D(0), D(0)
    for side, amount, price, fee in trades:
        state = apply_fill(state, side=side, amount=amount, price=price, fee=fee).state
        cash += amount * price if side == "sell" else -amount * price
        fees += fee
    held = state.open_cost if state.signed_amount >= 0 else -state.open_cost
    assert state.realized_pnl == cash + held
    assert state.fees == fees
    assert state.open_cost >= 0
    assert state.signed_amount != 0 or state.open_cost == 0


@given(fills, st.sampled_from(["0.3", "0.5", "0.9"]))
def test_a_reduction_leaves_the_entry_price(trades, part):
    state = PositionState()
    for side, amount, price, fee in trades:
        state = apply_fill(state, side=side, amount=amount, price=price, fee=fee).state
    held = abs(state.signed_amount)
    if held < 1:
        return
    closing = "sell" if state.signed_amount > 0 else "buy"
    after = apply_fill(state, side=closing, amount=held * D(part), price=D(7), fee=D(0)).state
    before = accounting.entry_price(state.signed_amount, state.open_cost)
    assert abs(accounting.entry_price(after.signed_amount, after.open_cost) - before) <= D("0.00000011")


@pytest.mark.parametrize(
    ("side", "rate", "price"),
    [
        ("buy", "0", "100"),
        ("sell", "0", "100"),
        ("buy", "0.00001", "100.01"),
        ("sell", "0.00001", "99.99"),
        ("buy", "0.0005", "100.05"),
        ("sell", "0.99999", "0.01"),
    ],
)
def test_slippage_is_rounded_to_the_tick_against_the_taker(side, rate, price):
    assert accounting.taker_price(D(100), side, D(rate), D("0.01")) == D(price)


def test_a_reservation_is_rounded_up():
    assert accounting.reservation(D(100), D(100), 3, D(0)) == D("33.333334")
    assert accounting.reservation(D(900), D(900), 1, D("0.001")) == D("900.9")
    assert accounting.reservation(D(900), D(0), 1, D("0.001")) == D("0.9")


@pytest.mark.parametrize(("amount", "steps"), [("6.9", "6.5"), ("6.5", "6.5"), ("0.4", "0")])
def test_whole_steps_are_not_above_the_amount(amount, steps):
    assert accounting.whole_steps(D(amount), D("0.5")) == D(steps)


@pytest.mark.parametrize(
    ("signed_amount", "cost", "elsewhere", "price"),
    [
        ("40", "4040", "995.96", "80.10631579"),
        ("-40", "3960", "996.04", "118.00095238"),
        ("10", "1000", "1000", None),  # worth nothing, it is still paid for
        ("0", "0", "1000", None),
    ],
)
def test_liquidation_begins_where_equity_meets_maintenance(signed_amount, cost, elsewhere, price):
    found = accounting.liquidation_price(
        D(signed_amount), D(cost), D("0.05"), equity_elsewhere=D(elsewhere), maintenance_elsewhere=D(0)
    )
    assert found == (None if price is None else D(price))


@given(
    st.integers(-1000, 1000).filter(bool), st.integers(1, 500), st.integers(0, 20_000), st.integers(0, 500),
    st.integers(0, 90),
)  # fmt: skip
def test_the_liquidation_price_is_the_edge(amount, entry, elsewhere, maintenance, percent):
    signed, cost, rate = D(amount), D(abs(amount) * entry), D(percent) / 100
    price = accounting.liquidation_price(
        signed, cost, rate, equity_elsewhere=D(elsewhere), maintenance_elsewhere=D(maintenance)
    )

    def margin_left(mark):
        equity = D(elsewhere) + accounting.unrealized_pnl(signed, cost, mark)
        return equity - D(maintenance) - accounting.maintenance_margin(signed, mark, rate)

    if price is None:
        assert margin_left(D(0)) >= 0 if amount > 0 else margin_left(D(0)) <= 0
        return
    step = D("0.0001") if amount > 0 else D("-0.0001")
    assert margin_left(price + step) >= 0
    if price > abs(step):
        assert margin_left(price - step) <= 0
