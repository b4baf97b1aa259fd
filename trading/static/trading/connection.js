/** The connection light, the data's age, and the stale marks of the panels. */

import { label } from "./labels.js";

const AGE_MS = 1000;
const PING_MS = 20_000;

/** Show the client's state, and mark every panel (data-feeds) of which a feed must not be believed. */
export function keepConnection(light, panels, client) {
    const feeds = [...new Set(panels.flatMap((panel) => panel.dataset.feeds.split(" ")))];
    const reasons = new Map(); // feed -> why it is stale
    const live = new Set();

    const show = () => {
        for (const panel of panels) markPanel(panel, panel.dataset.feeds.split(" ").map((feed) => reasons.get(feed)));
        const state = client.state !== "open" ? client.state : reasons.size ? "stale" : live.size < feeds.length ? "connecting" : "live";
        showState(light, state, closing);
    };
    let closing = null;
    const on = (type, change) => client.addEventListener(type, ({ detail }) => { change(detail); show(); });
    on("stale", ({ feed, reason }) => { live.delete(feed); reasons.set(feed, reason); });
    on("live", ({ feed }) => { live.add(feed); reasons.delete(feed); });
    on("refused", ({ feed }) => feed && reasons.set(feed, "refused"));
    on("state", ({ state, reason }) => { closing = state === "closed" ? reason : null; });
    client.addEventListener("reset", () => location.reload()); // the page itself is the other user's

    const age = light.querySelector("[data-age]");
    let roundTrip = null;
    setInterval(() => showAge(age, client, feeds, roundTrip), AGE_MS);
    const ping = () => client.ping().then((milliseconds) => { roundTrip = Math.round(milliseconds); }, () => { roundTrip = null; });
    client.addEventListener("state", ({ detail }) => detail.state === "open" && ping());
    setInterval(ping, PING_MS);
}

function markPanel(panel, reasons) {
    const reason = reasons.find(Boolean);
    panel.toggleAttribute("data-stale", Boolean(reason));
    panel.querySelector("[data-stale-mark]").hidden = !reason;
    if (reason) panel.querySelector("[data-stale-reason]").textContent = label(reason);
}

function showState(light, state, closing) {
    if (light.dataset.connection === state) return; // said once: it is read aloud
    light.dataset.connection = state;
    light.querySelector("[data-connection-text]").textContent =
        closing && closing !== "by-page" ? label(`closed-${closing}`) : label(`state-${state}`);
    light.querySelector("[data-sign-in]").hidden = state !== "signed-out";
}

function showAge(element, client, feeds, roundTrip) {
    const ages = feeds.map((feed) => client.age(feed)).filter((age) => age !== null);
    const parts = ages.length ? [label("age", { seconds: Math.round(Math.max(...ages) / 1000) })] : [];
    element.textContent = parts.join("");
    element.title = roundTrip === null ? "" : label("round-trip", { milliseconds: roundTrip });
}
