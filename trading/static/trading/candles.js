/** Candles of one symbol: read from the API, carried on by its ticks. Prices stay decimal strings. */

import { add, larger, smaller } from "./decimals.js";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Of each interval: what it is made of, and how long it is. */
const INTERVALS = {
    "1m": { base: "1m", length: MINUTE_MS },
    "5m": { base: "1m", length: 5 * MINUTE_MS },
    "15m": { base: "1m", length: 15 * MINUTE_MS },
    "1d": { base: "1d", length: DAY_MS },
};

/** Milliseconds of an interval. */
export const lengthOf = (interval) => INTERVALS[interval].length;

/** The start of the interval of this length that a time lies in; milliseconds UTC. */
export const startOf = (time, length) => time - (time % length);

/** Whether a replay has begun anew. A tick may be some seconds behind what was read: hours, where time runs fast. */
export const isSetBack = (time, newest) => newest - time > DAY_MS;

/**
 * Read candles from the API, the oldest first.
 * @param {string} symbol
 * @param {string} interval of ours; what comes are the candles that it is made of
 * @param {{limit?: number, since?: number, until?: number}} range times in milliseconds UTC
 * @returns {Promise<object[]>} {timestamp, open, high, low, close, volume}; rejected when the API did not answer with them
 */
export async function readCandles(symbol, interval, range = {}) {
    const query = new URLSearchParams({ symbol, interval: INTERVALS[interval].base, ...range });
    const response = await fetch(`/api/v1/candles?${query}`, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(`Expected candles of ${symbol}; found status ${response.status}.`);
    return (await response.json()).items;
}

/** The candles of one symbol and interval. */
export class Candles {
    /** @param {string} interval */
    constructor(interval) {
        this.interval = interval;
        this.base = []; // what the interval is made of, the oldest first
        this.settled = null; // the start of the newest candle that was read, and not made of ticks
    }

    /** The oldest and the newest of what the interval is made of, or undefined. */
    get first() {
        return this.base[0];
    }

    get last() {
        return this.base.at(-1);
    }

    /** Put what was read in the place of everything from its first candle on. */
    replaceFrom(candles) {
        if (!candles.length) return;
        this.settled = candles.at(-1).timestamp;
        this.base = [...this.base.filter(({ timestamp }) => timestamp < candles[0].timestamp), ...candles];
    }

    /** Put what is older in front. */
    prepend(candles) {
        this.base = [...candles, ...this.base];
    }

    /**
     * Carry the newest candle on, or begin the next one.
     * @param {object} ticker the feed's row
     * @returns {"same"|"next"|"gap"|"late"|"back"} gap: candles between are missing; late: of before what was read, so
     *     nothing changes; back: the market's time was set back
     */
    tick(ticker) {
        const length = INTERVALS[this.interval].base === "1d" ? DAY_MS : MINUTE_MS;
        const timestamp = startOf(ticker.marketTime, length);
        const { last } = this;
        if (last && timestamp < last.timestamp) return isSetBack(timestamp, last.timestamp) ? "back" : "late";
        const same = last?.timestamp === timestamp;
        const candle = length === DAY_MS ? dayOf(timestamp, ticker) : minuteOf(timestamp, ticker, same ? last : null);
        if (same) this.base[this.base.length - 1] = candle;
        else this.base.push(candle);
        if (same) return "same";
        return last && timestamp - last.timestamp === length ? "next" : "gap";
    }

    /** The candles of the interval itself, the oldest first. */
    all() {
        const { length } = INTERVALS[this.interval];
        const groups = new Map();
        for (const candle of this.base) {
            const start = startOf(candle.timestamp, length);
            const group = groups.get(start);
            groups.set(start, group ? joined(group, candle) : { ...candle, timestamp: start });
        }
        return [...groups.values()];
    }

    /** The newest candle of the interval itself, or undefined. */
    newest() {
        const { length } = INTERVALS[this.interval];
        const start = this.last && startOf(this.last.timestamp, length);
        const parts = this.base.slice(-length / MINUTE_MS).filter(({ timestamp }) => startOf(timestamp, length) === start);
        return this.last && { ...parts.reduce(joined), timestamp: start };
    }
}

/** The ticker has its day's prices: the day's candle is exact. */
function dayOf(timestamp, { open, high, low, last, baseVolume }) {
    return { timestamp, open, high, low, close: last, volume: baseVolume };
}

/** Of a minute we know what we have seen, until it is read again. */
function minuteOf(timestamp, { last }, before) {
    if (!before) return { timestamp, open: last, high: last, low: last, close: last };
    return { ...before, high: larger(before.high, last), low: smaller(before.low, last), close: last };
}

function joined(left, right) {
    const joint = { ...left, high: larger(left.high, right.high), low: smaller(left.low, right.low), close: right.close };
    if (left.volume === undefined || right.volume === undefined) delete joint.volume; // not known yet
    else joint.volume = add(left.volume, right.volume);
    return joint;
}
