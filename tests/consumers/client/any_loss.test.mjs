/** For any sequence of documents and any loss, repetition and reordering, the client ends with the last documents. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FeedClient } from "../../../consumers/static/consumers/feed_client.js";
import { surroundings } from "./fakes.mjs";

const FEEDS = ["orders", "balance"];
const RUNS = 200;
const HEARTBEAT = 5; // seconds

/** A small generator of the same numbers for the same seed (mulberry32). */
function chanceOf(seed) {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

/** Streams of documents, each recorded under its number. */
class Owner {
    constructor(chance) {
        this.chance = chance;
        this.epoch = 0;
        this.documents = Object.fromEntries(FEEDS.map((feed) => [feed, {}]));
        this.recorded = new Map();
        this.takeOver();
    }

    takeOver() {
        this.epoch += 1;
        this.seqs = Object.fromEntries(FEEDS.map((feed) => [feed, 1]));
        this.record();
    }

    record() {
        for (const feed of FEEDS) this.recorded.set(`${feed} ${this.epoch} ${this.seqs[feed]}`, this.documents[feed]);
    }

    /** Change, add or remove a row in some of the feeds; return the push. */
    change() {
        const feeds = {};
        for (const feed of FEEDS.filter(() => this.chance() < 0.7)) {
            const key = String(Math.floor(this.chance() * 3));
            const patch = { [key]: key in this.documents[feed] && this.chance() < 0.4 ? null : { n: String(this.chance()) } };
            const { [key]: before, ...others } = this.documents[feed];
            this.documents = { ...this.documents, [feed]: patch[key] ? { ...others, [key]: patch[key] } : others };
            this.seqs[feed] += 1;
            feeds[feed] = { ...this.position(feed), patch };
        }
        this.record();
        return { type: "push", ts: 1, feeds };
    }

    position(feed) {
        return { epoch: this.epoch, seq: this.seqs[feed] };
    }

    snapshot() {
        const entries = FEEDS.map((feed) => [feed, { ...this.position(feed), snapshot: this.documents[feed] }]);
        return { type: "push", ts: 1, feeds: Object.fromEntries(entries) };
    }

    heartbeat() {
        const entries = FEEDS.map((feed) => [feed, this.position(feed)]);
        return { type: "heartbeat", ts: 1, feeds: Object.fromEntries(entries) };
    }
}

function check(client, owner) {
    for (const feed of FEEDS) {
        const held = client.position(feed);
        if (held) assert.deepEqual(client.document(feed), owner.recorded.get(`${feed} ${held.epoch} ${held.seq}`));
    }
}

/** Deliver some of what is on its way, in any order; answer what the client asks for. */
function deliver(around, client, owner, late, count) {
    for (; count > 0 && late.length; count -= 1) {
        around.socket.receive(late.splice(Math.floor(owner.chance() * late.length), 1)[0]);
        check(client, owner);
    }
    for (const frame of around.sent.splice(0)) {
        if (frame.type === "subscribe") around.socket.receive({ type: "subscribed", id: frame.id, feeds: Object.fromEntries(FEEDS.map((feed) => [feed, { ok: true }])), symbols: {} });
        late.push(owner.snapshot());
    }
}

function run(seed) {
    const chance = chanceOf(seed);
    const around = surroundings();
    const client = new FeedClient({ ...around.options, feeds: FEEDS });
    const owner = new Owner(chance);
    const welcome = { type: "welcome", protocol: 1, user: { id: 7, username: "alice" }, heartbeat: HEARTBEAT, ts: 1 };
    const late = [];
    client.open();
    around.socket.receive(welcome);
    for (let step = 0; step < 25; step += 1) {
        if (chance() < 0.05) owner.takeOver();
        if (chance() < 0.05) {
            late.length = 0; // what was on its way goes with the connection
            around.socket.closeWith(1006);
            around.clock.moveTo(around.clock.now + 1000);
            around.socket.receive(welcome);
        }
        const push = owner.change();
        for (let copies = Math.floor(chance() * 3); copies > 0; copies -= 1) late.push(push);
        deliver(around, client, owner, late, Math.floor(chance() * 4));
        around.clock.moveTo(around.clock.now + Math.floor(chance() * 1500));
        around.socket.receive(owner.heartbeat());
    }
    for (let second = 0; second < 40; second += 1) {
        deliver(around, client, owner, late, late.length);
        around.clock.moveTo(around.clock.now + 1000);
        around.socket.receive(owner.heartbeat());
    }
    assert.deepEqual(Object.fromEntries(FEEDS.map((feed) => [feed, client.document(feed)])), owner.documents, `seed ${seed}`);
    assert.ok(FEEDS.every((feed) => client.isLive(feed)), `seed ${seed}: live`);
}

test("any loss, repetition and reordering", () => {
    for (let seed = 1; seed <= RUNS; seed += 1) run(seed);
});
