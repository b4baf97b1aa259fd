/** A trader's live state in the admin: his feeds in plain tables, and nothing that could change anything. */

import { FeedClient } from "../consumers/feed_client.js";
import { formatValue, sign } from "./figures.js";
import { label } from "./labels.js";

const page = document.querySelector("[data-socket]");
const words = (text) => (text ? text.split(" ") : []);
const url = new URL(page.dataset.socket, location.href);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
const client = new FeedClient({ url: url.href, feeds: words(page.dataset.feeds) });

const byName = (document) => Object.keys(document).sort().map((name) => ({ name, ...document[name] }));
const newestFirst = (document) => Object.keys(document).sort((a, b) => b - a).map((id) => ({ id, ...document[id] }));

/** The rows of each panel, from the client's documents. */
const ROWS = {
    balance: () => byName(client.document("balance") ?? {}).map((row) => ({ ...client.document("pnl")?.[row.name], ...row })),
    positions: () => Object.values(client.document("positions") ?? {})
        .map((row) => ({ ...client.document("pnl")?.[row.account]?.positions?.[row.symbol], ...row })),
    orders: () => newestFirst(client.document("orders") ?? {}),
    fills: () => newestFirst(client.document("fills") ?? {}),
    ticker: () => byName(client.tickers),
};

function cell({ dataset: { field, kind = "text" } }, row) {
    const element = document.createElement("td");
    const value = row[field];
    element.textContent = kind === "label" && value ? label(value) : formatValue(kind, value, "UTC");
    if (!["text", "label"].includes(kind)) element.className = "figure";
    if (kind === "signed") element.dataset.sign = sign(value);
    return element;
}

function show(panel, rows) {
    const heads = [...panel.querySelectorAll("thead th")];
    const lines = rows.map((row) => {
        const line = document.createElement("tr");
        line.append(...heads.map((head) => cell(head, row)));
        return line;
    });
    if (!lines.length) {
        const empty = document.createElement("td");
        empty.colSpan = heads.length;
        empty.textContent = label("nothing");
        lines.push(document.createElement("tr"));
        lines[0].append(empty);
    }
    panel.querySelector("tbody").replaceChildren(...lines);
}

const panels = [...page.querySelectorAll("[data-panel]")].map((element) => ({ element, feeds: words(element.dataset.panel) }));
const stale = new Map(); // feed -> why it must not be believed

function showFeed(feed) {
    for (const { element, feeds } of panels) {
        if (feeds.includes(feed)) show(element, ROWS[feeds[0]]());
    }
}

function markStale() {
    for (const { element, feeds } of panels) {
        const reason = feeds.map((feed) => stale.get(feed)).find(Boolean);
        const mark = element.querySelector("[data-stale]");
        mark.hidden = !reason;
        mark.textContent = reason ? label("stale-because", { reason: label(reason) }) : "";
        element.toggleAttribute("data-is-stale", Boolean(reason));
    }
}

const light = page.querySelector("[data-connection]");
client.addEventListener("document", ({ detail }) => {
    showFeed(detail.feed);
    if (!["positions", "orders"].includes(detail.feed)) return;
    client.subscribe({ symbols: [...new Set(Object.values(detail.document).map((row) => row.symbol))] });
});
client.addEventListener("ticker", () => showFeed("ticker"));
client.addEventListener("stale", ({ detail }) => { stale.set(detail.feed, detail.reason); markStale(); });
client.addEventListener("live", ({ detail }) => { stale.delete(detail.feed); markStale(); });
client.addEventListener("refused", ({ detail }) => { stale.set(detail.feed ?? "ticker", "refused"); markStale(); });
client.addEventListener("state", ({ detail: { state, reason } }) => {
    light.dataset.connection = state;
    const text = state === "open" ? "state-live" : reason === "revoked" ? "not-permitted" : `state-${state}`;
    light.textContent = label(text);
    if (reason !== "revoked") return;
    for (const { element } of panels) element.querySelector("tbody").replaceChildren(); // it may not be seen any more
});
addEventListener("pagehide", () => client.close());
addEventListener("pageshow", (event) => event.persisted && client.open());
client.open();
