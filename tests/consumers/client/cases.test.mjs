/** The cases in tests/cases, which every implementation of a client must pass. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FeedClient, merge } from "../../../consumers/static/consumers/feed_client.js";
import { surroundings } from "./fakes.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(`../../cases/${name}`, import.meta.url), "utf8")).cases;

for (const { name, document, patch, expected } of read("merge_cases.json")) {
    test(`merge: ${name}`, () => {
        const before = structuredClone({ document, patch });
        assert.deepEqual(merge(document, patch), expected);
        assert.deepEqual({ document, patch }, before);
    });
}

function state(client, feeds, expected) {
    const position = (feed) => client.position(feed) && [client.position(feed).epoch, client.position(feed).seq];
    const all = {
        documents: Object.fromEntries(Object.keys(expected.documents ?? {}).map((feed) => [feed, client.document(feed)])),
        positions: Object.fromEntries(Object.keys(expected.positions ?? {}).map((feed) => [feed, position(feed)])),
        live: feeds.filter((feed) => client.isLive(feed)),
        connected: client.state === "open",
    };
    return Object.fromEntries(Object.keys(expected).map((key) => [key, all[key]]));
}

for (const { name, feeds, steps } of read("rule_cases.json")) {
    test(`rule: ${name}`, () => {
        const around = surroundings();
        const client = new FeedClient({ ...around.options, feeds });
        client.open();
        for (const step of steps) {
            around.clock.moveTo(step.at * 1000);
            if (step.receive) around.socket.receive(step.receive);
            if (step.unsubscribe) client.unsubscribe({ feeds: step.unsubscribe });
            if (step.lost) around.socket.closeWith(step.lost);
            const sent = around.sent.splice(0).map(({ id, ...frame }) => frame);
            assert.deepEqual(sent, step.send ?? [], `what was sent at ${step.at} s`);
            assert.deepEqual(state(client, feeds, step.expect ?? {}), step.expect ?? {}, `the state at ${step.at} s`);
        }
    });
}
