/** What `<feed-value>` finds and shows. The element itself is tried in a browser: tests/site/test_feed_value.py. */

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.HTMLElement = class {};
globalThis.customElements = { define() {} };
const { keysOf, shownText, valueAt, withPlaces } = await import("../../../consumers/static/consumers/feed_value.js");

test("a path is dotted, or a JSON array where a key has a dot", () => {
    assert.deepEqual(keysOf("paper.free"), ["paper", "free"]);
    assert.deepEqual(keysOf('["positions", "BRK.B"]'), ["positions", "BRK.B"]);
    assert.throws(() => keysOf("[1]"), TypeError);
    assert.throws(() => keysOf("[paper"), SyntaxError);
});

test("a value is found at the end of its path, and nowhere else", () => {
    const document = { paper: { free: "1.50", total: "2" } };
    assert.equal(valueAt(document, ["paper", "free"]), "1.50");
    for (const keys of [["paper", "used"], ["other", "free"], ["paper", "free", "0"], ["constructor", "name"]]) {
        assert.equal(valueAt(document, keys), undefined);
    }
    assert.equal(valueAt(null, ["paper"]), undefined);
});

test("a value is shown exactly as it was sent, unless places are asked for", () => {
    assert.equal(shownText("98787.15432101"), "98787.15432101");
    assert.equal(shownText("98787.15432101", 2), "98787.15");
    assert.equal(shownText(1767225600412, 2), "1767225600412");
    assert.equal(shownText("AAPL", 2), "AAPL");
    assert.equal(shownText(false), "false");
    for (const value of [undefined, null, {}]) assert.equal(shownText(value), "\u2013");
});

for (const [text, places, expected] of [
    ["1.005", 2, "1.00"], ["1.015", 2, "1.02"], ["1.0051", 2, "1.01"], ["-0.004", 2, "0.00"], ["-1.5", 0, "-2"], ["0.5", 0, "0"],
    ["12345678901234567890.125", 2, "12345678901234567890.12"], ["7", 2, "7.00"], ["9.999", 2, "10.00"],
]) {
    test(`${text} with ${places} places is ${expected}`, () => assert.equal(withPlaces(text, places), expected));
}
