/** What a FeedClient does with its connection, and what it tells its page. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FeedClient, advance, compare } from "../../../consumers/static/consumers/feed_client.js";
import { surroundings } from "./fakes.mjs";

const WELCOME = { type: "welcome", protocol: 1, user: { id: 7, username: "alice" }, heartbeat: 10, ts: 1_000_000 };
const SUBSCRIBED = { type: "subscribed", id: 1, feeds: { orders: { ok: true } }, symbols: { AAPL: { ok: true } } };
const SNAPSHOT = { type: "push", ts: 1_000_000, feeds: { orders: { epoch: 1, seq: 5, snapshot: { 1: { filled: "0" } } } } };
const HEARTBEAT = { type: "heartbeat", ts: 1_005_000, feeds: { orders: { epoch: 1, seq: 5, asOf: 1_004_000 } } };
const EVENTS = ["document", "ticker", "state", "stale", "live", "refused", "reset", "problem"];

/** A client that is welcomed and holds `orders`, with all its events so far dropped. */
function connected(options = {}) {
    const around = surroundings(options);
    const client = new FeedClient({ ...around.options, feeds: ["orders"], symbols: ["AAPL"] });
    const events = [];
    for (const type of EVENTS) client.addEventListener(type, ({ detail }) => events.push({ type, ...detail }));
    client.open();
    for (const frame of [WELCOME, SUBSCRIBED, SNAPSHOT]) around.socket.receive(frame);
    const first = events.splice(0);
    around.sent.splice(0);
    return { around, client, events, first };
}

test("the first connection tells connecting, open, the document and live, in this order", () => {
    assert.deepEqual(connected().first, [
        { type: "state", state: "connecting", reason: null, delay: null },
        { type: "state", state: "open", reason: null, delay: null },
        { type: "document", feed: "orders", document: { 1: { filled: "0" } }, patch: null },
        { type: "live", feed: "orders" },
    ]);
});

test("symbols are subscribed with the feeds", () => {
    const around = surroundings();
    const client = new FeedClient({ ...around.options, feeds: ["orders"], symbols: ["AAPL"] });
    client.open();
    around.socket.receive(WELCOME);
    assert.deepEqual(around.sent, [{ type: "subscribe", feeds: ["orders"], symbols: ["AAPL"], id: 1 }]);
});

test("a patch is told together with the document that it gives", () => {
    const { around, events } = connected();
    around.socket.receive({ type: "push", ts: 1_001_000, feeds: { orders: { epoch: 1, seq: 6, patch: { 2: { filled: "1" } } } } });
    const document = { 1: { filled: "0" }, 2: { filled: "1" } };
    assert.deepEqual(events, [{ type: "document", feed: "orders", document, patch: { 2: { filled: "1" } } }]);
});

test("when one feed's change is told, the other feeds of the push have changed already", () => {
    const around = surroundings();
    const client = new FeedClient({ ...around.options, feeds: ["orders", "balance"] });
    const seen = [];
    client.addEventListener("document", () => seen.push([client.document("orders"), client.document("balance")]));
    client.open();
    around.socket.receive(WELCOME);
    const entry = { epoch: 1, seq: 1, snapshot: {} };
    around.socket.receive({ type: "push", ts: 1, feeds: { orders: entry, balance: entry } });
    assert.deepEqual(seen, [[{}, {}], [{}, {}]]);
});

test("the newest ts of a ticker wins", () => {
    const { around, client, events } = connected();
    const ticker = (ts, last) => ({ type: "ticker", ts, tickers: { AAPL: { last }, MSFT: { last } } });
    for (const frame of [ticker(20, "2"), ticker(10, "1")]) around.socket.receive(frame);
    assert.deepEqual(client.tickers, { AAPL: { last: "2" } });
    assert.deepEqual(events, [
        { type: "ticker", tickers: { AAPL: { last: "2" } } },
        { type: "live", feed: "ticker" },
    ]);
});

test("the ticker is stale when the heartbeat says so", () => {
    const { around, client, events } = connected();
    around.socket.receive({ type: "ticker", ts: 20, tickers: { AAPL: { last: "2" } } });
    events.splice(0);
    const stale = { reason: "market_stale", since: 900 };
    around.socket.receive({ type: "heartbeat", ts: 30, feeds: { ticker: { asOf: 20, stale } } });
    assert.deepEqual(events, [{ type: "stale", feed: "ticker", ...stale }]);
    assert.equal(client.isLive("ticker"), false);
});

test("a state that stays is told once", () => {
    const { around, events } = connected();
    const stale = { reason: "fetch_failed", since: 900 };
    const frame = { type: "heartbeat", ts: 30, feeds: { orders: { epoch: 1, seq: 5, asOf: 20, stale } } };
    for (let count = 0; count < 3; count += 1) around.socket.receive(frame);
    assert.deepEqual(events, [{ type: "stale", feed: "orders", ...stale }]);
});

test("the data's age counts from the server's confirmation by the server's clock", () => {
    const { around, client } = connected();
    around.socket.receive(HEARTBEAT);
    assert.equal(client.age("orders"), 1000);
    around.clock.moveTo(2500);
    assert.equal(client.age("orders"), 3500);
    assert.equal(client.age("balance"), null);
});

test("a confirmation of a document that we do not have yet does not make ours younger", () => {
    const { around, client } = connected();
    around.socket.receive({ ...HEARTBEAT, feeds: { orders: { epoch: 1, seq: 6, asOf: 1_004_000 } } });
    assert.equal(client.age("orders"), 5000);
});

test("a lost connection makes everything stale and is tried again", () => {
    const { around, events } = connected();
    around.socket.closeWith(1006);
    assert.deepEqual(events, [
        { type: "stale", feed: "orders", reason: "disconnected" },
        { type: "stale", feed: "ticker", reason: "disconnected" },
        { type: "state", state: "reconnecting", reason: "lost", delay: 250 },
    ]);
    around.clock.moveTo(249);
    assert.equal(around.sockets.length, 1);
    around.clock.moveTo(250);
    assert.equal(around.sockets.length, 2);
});

test("the backoff doubles up to its limit, and a heartbeat ends it", () => {
    const { around, events } = connected();
    const delays = [];
    for (let count = 0; count < 9; count += 1) {
        around.socket.closeWith(1006);
        delays.push(events.at(-1).delay);
        around.clock.moveTo(around.clock.now + delays.at(-1));
    }
    assert.deepEqual(delays, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
    for (const frame of [WELCOME, HEARTBEAT]) around.socket.receive(frame);
    around.socket.closeWith(1006);
    assert.equal(events.at(-1).delay, 250);
});

test("the jitter spreads a delay over its upper half", () => {
    const { around, events } = connected({ random: 0.5 });
    around.socket.closeWith(1011);
    assert.equal(events.at(-1).delay, 375);
});

for (const code of [1012, 1006, 4413]) {
    test(`a goodbye names the delay of the reconnect after ${code}, once`, () => {
        const { around, events } = connected({ random: 0.5 });
        around.socket.receive({ type: "goodbye", reason: "restart", reconnect_ms: [1000, 5000] });
        around.socket.closeWith(code);
        assert.equal(events.at(-1).delay, 3000);
        around.clock.moveTo(3000);
        around.socket.closeWith(1006);
        assert.equal(events.at(-1).delay, 750);
    });
}

for (const code of [1000, 1001, 1006, 1011, 1012, 4413]) {
    test(`close code ${code}: it reconnects`, () => {
        const { around, client } = connected();
        around.socket.closeWith(code);
        around.clock.moveTo(1000);
        assert.equal(around.sockets.length, 2);
        assert.equal(client.state, "reconnecting");
    });
}

for (const [code, state, reason] of [[4400, "closed", "protocol"], [4401, "signed-out", "signed-out"], [4403, "closed", "revoked"]]) {
    test(`close code ${code}: ${state}, and no reconnect`, () => {
        const { around, events } = connected();
        around.socket.closeWith(code);
        assert.deepEqual(events.at(-1), { type: "state", state, reason, delay: null });
        around.clock.moveTo(3_600_000);
        assert.equal(around.sockets.length, 1);
    });
}

test("close code 4429: it reconnects after a minute", () => {
    const { around, events } = connected();
    around.socket.closeWith(4429);
    assert.deepEqual(events.at(-1), { type: "state", state: "reconnecting", reason: "limited", delay: 60_000 });
});

test("a connection that is dead is let go without waiting for its close", () => {
    const { around } = connected();
    const [dead] = around.sockets;
    around.clock.moveTo(20_000);
    assert.equal(dead.closed, true);
    assert.equal(dead.onmessage, null);
});

test("a connection without a welcome is dead after 10 s", () => {
    const around = surroundings();
    const client = new FeedClient({ ...around.options, feeds: ["orders"] });
    client.open();
    around.clock.moveTo(9_999);
    assert.equal(client.state, "connecting");
    around.clock.moveTo(10_000);
    assert.equal(client.state, "reconnecting");
});

test("close() ends everything, open() starts again with `have`", () => {
    const { around, client } = connected();
    client.close();
    around.clock.moveTo(3_600_000);
    assert.equal(client.state, "closed");
    assert.equal(around.sockets.length, 1);
    client.open();
    around.socket.receive(WELCOME);
    assert.deepEqual(around.sent.at(-1).have, { orders: { epoch: 1, seq: 5 } });
});

test("another user's welcome drops the documents and says so", () => {
    const { around, client, events } = connected();
    around.socket.closeWith(1006);
    around.clock.moveTo(1000);
    around.socket.receive({ ...WELCOME, user: { id: 8, username: "bob" } });
    assert.equal(client.document("orders"), null);
    assert.deepEqual(client.tickers, {});
    assert.ok(events.some(({ type }) => type === "reset"));
});

test("a refused feed and a refused symbol are told with their codes", () => {
    const { around, events } = connected();
    const no = { ok: false, code: "unknown" };
    around.socket.receive({ type: "subscribed", id: 2, feeds: { orders: no }, symbols: { AAPL: no } });
    assert.deepEqual(events, [
        { type: "refused", feed: "orders", code: "unknown" },
        { type: "refused", symbol: "AAPL", code: "unknown" },
    ]);
});

test("a feed and a symbol that the server takes away are dropped and told", () => {
    const { around, client, events } = connected();
    around.socket.receive({ type: "ticker", ts: 20, tickers: { AAPL: { last: "2" } } });
    events.splice(0);
    const no = { ok: false, code: "forbidden" };
    around.socket.receive({ type: "unsubscribed", feeds: { orders: no, never: no }, symbols: { AAPL: no } });
    assert.deepEqual(events, [
        { type: "refused", feed: "orders", code: "forbidden" },
        { type: "refused", symbol: "AAPL", code: "forbidden" },
    ]);
    assert.equal(client.document("orders"), null);
    assert.equal(client.isLive("orders"), false);
    assert.deepEqual(client.tickers, {});
});

test("after a goodbye the page is told that the server restarts", () => {
    const { around, events } = connected();
    around.socket.receive({ type: "goodbye", reason: "restart", reconnect_ms: [1000, 5000] });
    around.socket.closeWith(1012);
    assert.deepEqual(events.at(-1), { type: "state", state: "reconnecting", reason: "restart", delay: 1000 });
});

test("feeds and symbols may be added and dropped on the way", () => {
    const { around, client } = connected();
    client.subscribe({ feeds: ["fills", "orders"], symbols: ["MSFT"] });
    client.unsubscribe({ feeds: ["orders", "never"], symbols: ["AAPL"] });
    assert.deepEqual(around.sent.map(({ id, ...frame }) => frame), [
        { type: "subscribe", feeds: ["fills"], symbols: ["MSFT"] },
        { type: "unsubscribe", feeds: ["orders"], symbols: ["AAPL"] },
    ]);
    assert.equal(client.document("orders"), null);
});

test("a ping measures the round trip", async () => {
    const { around, client } = connected();
    const answer = client.ping();
    around.clock.moveTo(42);
    around.socket.receive({ type: "pong", id: around.sent[0].id, ts: 1_000_000 });
    assert.equal(await answer, 42);
});

test("a ping whose connection is lost is rejected", async () => {
    const { around, client } = connected();
    const answer = client.ping();
    around.socket.closeWith(1006);
    await assert.rejects(answer, /connection was lost/);
});

test("broken JSON and frames that are no objects change nothing", () => {
    const { around, client, events } = connected();
    for (const text of ["{", "[]", "null", '"x"', '{"type":"push"}', '{"type":"ticker"}', '{"type":"heartbeat"}']) around.socket.receive(text);
    assert.deepEqual(events, []);
    assert.equal(client.isLive("orders"), true);
});

test("an error of the server is told as a problem", () => {
    const { around, events } = connected();
    around.socket.receive({ type: "error", code: "bad_frame", message: "No.", id: 3 });
    assert.deepEqual(events, [{ type: "problem", code: "bad_frame", message: "No." }]);
});

test("positions compare by epoch, then seq, and none is behind everything", () => {
    const order = [null, { epoch: 1, seq: 9 }, { epoch: 2, seq: 1 }, { epoch: 2, seq: 2 }];
    assert.deepEqual([order[3], order[1], order[2], order[0]].sort(compare), order);
    assert.equal(advance(null, { epoch: 1, seq: 1, patch: {} }), "gap");
});
