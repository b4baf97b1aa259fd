/** How old the data is: the oldest of all feeds at a glance, and each feed with its state on demand. */

import { label } from "./labels.js";

const REFRESH_MS = 1000;
const MINUTE_MS = 60_000;
const LONG_MS = 2 * MINUTE_MS; // from here on in minutes

/**
 * @param {HTMLDetailsElement} details its summary is the oldest age
 * @param {string[]} feeds
 * @param {Map<string, {reason: string}>} reasons why a feed is stale; the caller keeps it up to date
 * @param {FeedClient} client
 */
export function keepFeedAges(details, feeds, reasons, client) {
    const summary = details.querySelector("[data-age]");
    const rows = new Map(feeds.map((feed) => [feed, addRow(details, feed)]));
    const show = () => {
        const ages = new Map(feeds.map((feed) => [feed, client.age(feed)]));
        const known = [...ages.values()].filter((age) => age !== null);
        details.hidden = known.length === 0;
        if (known.length) setText(summary, label("age", { age: ageText(Math.max(...known)) }));
        if (!details.open) return;
        for (const [feed, row] of rows) showRow(row, ages.get(feed), reasons.get(feed), client.isLive(feed));
    };
    details.addEventListener("toggle", show);
    setInterval(show, REFRESH_MS);
}

function addRow(details, feed) {
    const row = details.querySelector("template").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-feed-name]").textContent = label(`feed-${feed}`);
    details.querySelector("tbody").append(row);
    return row;
}

function showRow(row, age, stale, live) {
    row.toggleAttribute("data-stale", Boolean(stale));
    setText(row.querySelector("[data-feed-state]"), label(stale ? stale.reason : live ? "state-live" : "state-connecting"));
    setText(row.querySelector("[data-feed-age]"), age === null ? "" : ageText(age));
}

function ageText(milliseconds) {
    if (milliseconds < LONG_MS) return label("seconds", { number: Math.round(milliseconds / 1000) });
    return label("minutes", { number: Math.round(milliseconds / MINUTE_MS) });
}

function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
