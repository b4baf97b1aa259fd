/** The chart's candles: carried on by ticks, joined to longer intervals, and read again. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Candles, startOf } from "../../../trading/static/trading/candles.js";

const MINUTE = 60_000;
const OPEN = Date.UTC(2008, 9, 6, 13, 30);
const candle = (minute, open, high, low, close, volume = "10") => (
    { timestamp: OPEN + minute * MINUTE, open, high, low, close, volume }
);
const tick = (minute, last) => ({ last, marketTime: OPEN + minute * MINUTE + 20_000 });

function candlesOf(interval, ...read) {
    const candles = new Candles(interval);
    candles.replaceFrom(read);
    return candles;
}

test("a tick carries the minute on", () => {
    const candles = candlesOf("1m", candle(0, "10", "11", "9", "10"));
    assert.equal(candles.tick(tick(0, "12.5")), "same");
    assert.equal(candles.tick(tick(0, "8")), "same");
    assert.deepEqual(candles.newest(), candle(0, "10", "12.5", "8", "8"));
});

test("the next minute begins at its first tick, and has no volume until it is read", () => {
    const candles = candlesOf("1m", candle(0, "10", "11", "9", "10"));
    assert.equal(candles.tick(tick(1, "10.5")), "next");
    const [, next] = candles.all();
    assert.deepEqual(next, { timestamp: OPEN + MINUTE, open: "10.5", high: "10.5", low: "10.5", close: "10.5" });
});

test("missing minutes are a gap, until what was between is read", () => {
    const candles = candlesOf("1m", candle(0, "10", "11", "9", "10"));
    assert.equal(candles.tick(tick(3, "12")), "gap");
    assert.equal(candles.settled, OPEN);
    const read = [candle(0, "10", "11", "9", "11"), candle(1, "11", "12", "11", "12"), candle(2, "12", "13", "12", "12")];
    candles.replaceFrom([...read, candle(3, "12", "12", "12", "12")]);
    assert.equal(candles.all().length, 4);
    assert.equal(candles.settled, OPEN + 3 * MINUTE);
});

test("a tick of before the newest candle changes nothing, and one of days before says that time was set back", () => {
    const candles = candlesOf("1m", candle(2000, "10", "11", "9", "10"));
    assert.equal(candles.tick(tick(1999, "50")), "late");
    assert.equal(candles.tick(tick(0, "50")), "back");
    assert.deepEqual(candles.all(), [candle(2000, "10", "11", "9", "10")]);
});

test("minutes are joined to longer intervals, exactly", () => {
    const candles = candlesOf(
        "5m",
        candle(3, "0.1", "0.3", "0.1", "0.2", "0.1"),
        candle(4, "0.2", "9007199254740993", "0.05", "0.3", "0.2"),
        candle(5, "1", "1", "1", "1", "3"),
    );
    assert.deepEqual(candles.all(), [
        candle(0, "0.1", "9007199254740993", "0.05", "0.3", "0.3"),
        candle(5, "1", "1", "1", "1", "3"),
    ]);
    candles.tick(tick(6, "2"));
    assert.deepEqual(candles.newest(), { timestamp: OPEN + 5 * MINUTE, open: "1", high: "2", low: "1", close: "2" });
    assert.deepEqual(candles.newest(), candles.all().at(-1));
});

test("the day's candle is the ticker's own", () => {
    const day = startOf(OPEN, 24 * 60 * MINUTE);
    const candles = candlesOf("1d", { timestamp: day, open: "1", high: "1", low: "1", close: "1", volume: "1" });
    const ticker = { ...tick(9, "15"), open: "12", high: "16", low: "11", baseVolume: "700" };
    assert.equal(candles.tick(ticker), "same");
    const today = { timestamp: day, open: "12", high: "16", low: "11", close: "15", volume: "700" };
    assert.deepEqual(candles.all(), [today]);
});

test("older candles go in front", () => {
    const candles = candlesOf("1m", candle(5, "1", "1", "1", "1"));
    candles.prepend([candle(3, "1", "1", "1", "1"), candle(4, "1", "1", "1", "1")]);
    assert.equal(candles.first.timestamp, OPEN + 3 * MINUTE);
    assert.equal(candles.last.timestamp, OPEN + 5 * MINUTE);
});
