/** Arithmetic on decimal strings, and the use of the margin as the server reckons it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { add, compareDecimals, larger, percentOf, smaller, snap } from "../../../trading/static/trading/decimals.js";

const { cases } = JSON.parse(readFileSync(new URL("../../cases/margin_use_cases.json", import.meta.url), "utf8"));

for (const { used, equity, use } of cases.filter((one) => one.equity !== null)) {
    test(`${used} of ${equity} is ${use} %`, () => assert.equal(percentOf(used, equity), use));
}

test("a price is snapped to the nearest tick, and has the tick's places at most", () => {
    assert.equal(snap("61.23456789", "0.01"), "61.23");
    assert.equal(snap("61.235", "0.01"), "61.24");
    assert.equal(snap("61.2", "0.25"), "61.25");
    assert.equal(snap("61.13", "0.05"), "61.15");
    assert.equal(snap("0.12", "5"), "0");
    assert.equal(snap("7.6", "5"), "10");
    assert.equal(snap("-61.235", "0.01"), "-61.24");
    assert.equal(snap("99999999999.99999999", "0.00000001"), "99999999999.99999999");
});

test("what floats get wrong is exact", () => {
    assert.equal(add("0.1", "0.2"), "0.3");
    assert.equal(add("9007199254740993", "0.00000001"), "9007199254740993.00000001");
    assert.equal(add("1.5", "-2"), "-0.5");
    assert.equal(larger("9007199254740993", "9007199254740992"), "9007199254740993");
    assert.equal(smaller("10", "9.99999999"), "9.99999999");
});

test("decimals are compared as numbers, whatever their form", () => {
    assert.equal(compareDecimals("1.50", "1.5"), 0);
    assert.equal(compareDecimals("10", "9"), 1);
    assert.equal(compareDecimals("-1", "0.1"), -1);
});
