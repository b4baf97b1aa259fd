/** The script formats as the template tag does. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { formatValue, fullValue, sign } from "../../../trading/static/trading/figures.js";

const { cases } = JSON.parse(readFileSync(new URL("../../cases/figure_cases.json", import.meta.url), "utf8"));

for (const { kind, value, zone, format, text, sign: expected } of cases) {
    test(`${kind} ${value} is ${text} ${format ?? ""}`, () => {
        assert.equal(formatValue(kind, value, zone, format), text);
        if (expected) assert.equal(sign(value), expected);
    });
}

test("the title is the unrounded value", () => {
    assert.equal(fullValue("money", "1.23456789"), "1.23456789");
    assert.equal(fullValue("time", 1767225600412), "2026-01-01T00:00:00.412Z");
    assert.equal(fullValue("label", "buy"), "");
    assert.equal(fullValue("money", undefined), "");
});
