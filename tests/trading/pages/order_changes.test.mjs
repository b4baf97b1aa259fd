/** Which orders the page speaks of: what changed while it was connected, and nothing else. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FeedClient } from "../../../consumers/static/consumers/feed_client.js";
import { changedOrders, watchOrders } from "../../../trading/static/trading/order_changes.js";
import { surroundings } from "../../consumers/client/fakes.mjs";

const FEEDS = { orders: { ok: true }, fills: { ok: true } };

function answer(around, have) {
    around.socket.receive({ type: "welcome", protocol: 1, user: { id: 7 }, heartbeat: 10, ts: 1 });
    around.socket.receive({ type: "subscribed", id: 1, feeds: FEEDS, symbols: {} });
    if (have) push(around, have);
}

function push(around, feeds) {
    around.socket.receive({ type: "push", ts: 1, feeds });
}

/** A connected client that holds two orders and a fill, and what is heard of from here on. */
function watched() {
    const around = surroundings();
    const client = new FeedClient({ ...around.options, feeds: ["orders", "fills"] });
    const heard = [];
    watchOrders(client, (ids) => heard.push(...ids));
    client.open();
    answer(around, {
        orders: { epoch: 1, seq: 1, snapshot: { 5: { filled: "0" }, 6: { filled: "0" } } },
        fills: { epoch: 1, seq: 1, snapshot: { 20: { order: "4" } } },
    });
    return { around, heard };
}

test("what is there at first is no news", () => {
    assert.deepEqual(watched().heard, []);
});

test("an order that goes, and one that is filled further, are news", () => {
    const { around, heard } = watched();
    push(around, { orders: { epoch: 1, seq: 2, patch: { 5: null, 6: { filled: "3" } } } });
    assert.deepEqual(heard, ["5", "6"]);
});

test("a new order and a changed price are none", () => {
    const { around, heard } = watched();
    push(around, { orders: { epoch: 1, seq: 2, patch: { 5: { price: "9" }, 7: { filled: "0" } } } });
    assert.deepEqual(heard, []);
});

test("a change that comes as a snapshot is news as well", () => {
    const { around, heard } = watched();
    push(around, { orders: { epoch: 1, seq: 2, snapshot: { 6: { filled: "0" } } } });
    assert.deepEqual(heard, ["5"]);
});

test("what a snapshot after a reconnection shows is old", () => {
    const { around, heard } = watched();
    around.socket.closeWith(1006);
    around.clock.moveTo(600);
    answer(around, {
        orders: { epoch: 1, seq: 9, snapshot: {} },
        fills: { epoch: 1, seq: 9, snapshot: { 20: { order: "4" }, 21: { order: "5" } } },
    });
    assert.deepEqual(heard, []);
    push(around, { fills: { epoch: 1, seq: 10, patch: { 22: { order: "6" } } } });
    assert.deepEqual(heard, ["6"]);
});

test("what comes after a confirmed position is news", () => {
    const { around, heard } = watched();
    around.socket.closeWith(1006);
    around.clock.moveTo(600);
    answer(around, { orders: { epoch: 1, seq: 1 }, fills: { epoch: 1, seq: 1 } });
    push(around, { orders: { epoch: 1, seq: 2, patch: { 6: null } } });
    assert.deepEqual(heard, ["6"]);
});

test("several fills of one order are one piece of news, and a fill that comes back is none", () => {
    const before = { 20: { order: "4" }, 21: { order: "5" } };
    assert.deepEqual(changedOrders("fills", before, { ...before, 22: { order: "6" }, 23: { order: "6" } }), ["6"]);
    assert.deepEqual(changedOrders("fills", before, { ...before, 19: { order: "3" } }), []);
    assert.deepEqual(changedOrders("fills", {}, { 1: { order: "1" } }), ["1"]);
});
