/** The connection light, the round trip, and the stale marks of the panels. */

import { keepFeedAges } from "./feed_ages.js";
import { formatValue } from "./figures.js";
import { label } from "./labels.js";
import { keepReconnection } from "./reconnection.js";

const PING_MS = 10_000;

/** Show the client's state, and mark every panel (data-feeds) of which a feed must not be believed. */
export function keepConnection(light, panels, client) {
    const feedsOf = (panel) => panel.dataset.feeds.split(" ");
    const feeds = [...new Set(panels.flatMap(feedsOf))];
    const reasons = new Map(); // feed -> {reason, since}: why it is stale, and from when on (ms UTC)
    const live = new Set();
    let words = null; // the label that says why there is no connection, where there is more to say than that

    const state = () => {
        if (client.state !== "open") return client.state;
        if (reasons.size) return "stale";
        return live.size < feeds.length ? "connecting" : "live";
    };
    const on = (type, change) => client.addEventListener(type, ({ detail }) => {
        change(detail);
        for (const panel of panels) markPanel(panel, feedsOf(panel).map((feed) => reasons.get(feed)));
        showState(light, state(), words);
    });
    on("stale", ({ feed, reason, since = Date.now() }) => { live.delete(feed); reasons.set(feed, { reason, since }); });
    on("live", ({ feed }) => { live.add(feed); reasons.delete(feed); });
    on("refused", ({ feed, symbol }) => {
        const name = feed ?? (client.symbols.size ? null : symbol && "ticker"); // one symbol of many is no stale panel
        if (!name) return;
        live.delete(name);
        reasons.set(name, { reason: "refused" });
    });
    on("state", ({ state, reason }) => {
        if (state === "reconnecting" && reason === null) return; // an attempt: the reason is still the last one
        const more = ["closed", "reconnecting"].includes(state) && reason !== "by-page";
        words = more ? `${state}-${reason}` : null;
    });
    client.addEventListener("reset", () => location.reload()); // the page itself is the other user's
    keepRoundTrip(light.querySelector("[data-round-trip]"), client);
    keepFeedAges(light.querySelector("[data-feed-ages]"), feeds, reasons, client);
    keepReconnection(light.querySelector("[data-retry]"), client);
}

function markPanel(panel, reasons) {
    const stale = reasons.find(Boolean);
    panel.toggleAttribute("data-stale", Boolean(stale));
    panel.querySelector("[data-stale-mark]").hidden = !stale;
    if (!stale) return;
    panel.querySelector("[data-stale-reason]").textContent = label(stale.reason);
    panel.querySelector("[data-stale-since]").textContent = stale.since ? sinceText(stale.since) : "";
}

/** "since 16:49:05", with the date where that is not today's. */
function sinceText(milliseconds) {
    const { zone } = document.body.dataset;
    const [date, time] = formatValue("time", milliseconds, zone).split(" ");
    const [today] = formatValue("time", Date.now(), zone).split(" ");
    return label("since", { time: date === today ? time : `${date} ${time}` });
}

function showState(light, state, words) {
    const text = label(words ?? `state-${state}`);
    const element = light.querySelector("[data-connection-text]");
    if (light.dataset.connection === state && element.textContent === text) return; // said once: it is read aloud
    light.dataset.connection = state;
    element.textContent = text;
    light.querySelector("[data-sign-in]").hidden = state !== "signed-out";
}

/** Measure the round trip now and then, and show the last one while it is true. */
function keepRoundTrip(element, client) {
    const show = (text) => { element.textContent = text; };
    const measure = () => client.ping().then(
        (milliseconds) => show(label("round-trip", { milliseconds: Math.round(milliseconds) })),
        () => show(""),
    );
    client.addEventListener("state", ({ detail }) => (detail.state === "open" ? measure() : show("")));
    setInterval(measure, PING_MS);
}
