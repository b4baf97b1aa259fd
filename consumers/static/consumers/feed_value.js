/**
 * `<feed-value>`: one value of a feed, live, in any page and with no other script.
 *
 *     <script type="module" src="{% static 'consumers/feed_value.js' %}"></script>
 *     <feed-value feed="balance" path="paper.free" places="2">{{ free }}</feed-value>
 *
 * Attributes:
 *   feed    the feed's name; `ticker` follows the symbol that the path begins with
 *   path    the keys that lead to the value, joined by dots; as a JSON array where a key has a dot: '["pnl", "BRK.B"]'
 *   url     the socket's address; by default /ws/ of the page's own origin
 *   places  decimals to show, rounded half-even; without it the value is shown exactly as it was sent
 *   loading-text, stale-text, refused-text  words for who can't see the state; English by default
 *
 * The element sets on itself, for style sheets: `loading` until there is a value, `stale` with the reason while the value
 * must not be believed, `refused` with the code when the server does not give it. What stands inside it at first stays until
 * there is a value. All elements of a page that have the same address share one connection.
 *
 * CLIENT.md beside PROTOCOL.md shows it in a page.
 */

import { FeedClient } from "./feed_client.js";

const ABSENT = "\u2013";
const TICKER = "ticker";
const DEFAULT_URL = "/ws/";
const REASONS = {
    pusher_down: "the push service is down",
    fetch_failed: "the data could not be read",
    market_stale: "there are no new prices",
    feed_off: "this feed is switched off",
    disconnected: "not connected",
    signed_out: "signed out",
};
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/** The keys of a path: dotted, or a JSON array. */
export function keysOf(path) {
    if (!path.startsWith("[")) return path.split(".");
    const keys = JSON.parse(path);
    if (keys.every((key) => typeof key === "string")) return keys;
    throw new TypeError(`A path is a JSON array of strings; found ${path}`);
}

/** The value at the end of `keys` in a document, or undefined. */
export function valueAt(document, keys) {
    const step = (value, key) => (typeof value === "object" && value !== null && Object.hasOwn(value, key) ? value[key] : undefined);
    return keys.reduce(step, document);
}

/** A decimal string with so many places, rounded half-even without floats; anything else as it is. */
export function withPlaces(text, places) {
    const parts = DECIMAL.exec(text);
    if (!parts) return text;
    const [, minus, whole, fraction = ""] = parts;
    const rest = fraction.slice(places);
    const half = "5".padEnd(rest.length, "0");
    let units = BigInt(whole + fraction.slice(0, places).padEnd(places, "0"));
    if (rest > half || (rest === half && rest !== "" && units % 2n === 1n)) units += 1n;
    const digits = String(units).padStart(places + 1, "0");
    const shown = digits.slice(0, digits.length - places) + (places ? `.${digits.slice(-places)}` : "");
    return (units ? minus : "") + shown;
}

/** What is shown of a value: objects, and what is not there, are a dash. */
export function shownText(value, places = null) {
    if (value === undefined || value === null || typeof value === "object") return ABSENT;
    return places === null || typeof value !== "string" ? String(value) : withPlaces(value, places);
}

/** One connection for all elements with the same address. It is open while there is one of them. */
class SharedClient {
    static all = new Map(); // address -> SharedClient

    static at(address) {
        if (!SharedClient.all.has(address)) SharedClient.all.set(address, new SharedClient(address));
        return SharedClient.all.get(address);
    }

    constructor(address) {
        this.elements = new Set();
        this.stale = new Map(); // feed -> reason
        this.refused = new Map(); // feed, or "ticker" and a symbol -> code
        this.client = new FeedClient({ url: address });
        const on = (type, change) => this.client.addEventListener(type, ({ detail }) => { change(detail); this.show(); });
        on("document", () => {});
        on("ticker", () => {});
        on("state", () => {});
        on("reset", () => this.refused.clear());
        on("live", ({ feed }) => this.stale.delete(feed));
        on("stale", ({ feed, reason }) => this.stale.set(feed, reason));
        on("refused", ({ feed, symbol, code }) => this.refused.set(feed ?? `${TICKER} ${symbol}`, code));
        addEventListener("pagehide", () => this.client.close());
        addEventListener("pageshow", (event) => event.persisted && this.elements.size && this.client.open());
    }

    add(element) {
        this.elements.add(element);
        this.client.subscribe(element.wanted);
        if (this.elements.size === 1) this.client.open();
        element.show(this);
    }

    remove(element) {
        this.elements.delete(element);
        queueMicrotask(() => this.elements.size || this.client.close()); // an element that is only moved comes back at once
        const { feeds = [], symbols = [] } = element.wanted;
        const others = [...this.elements].map(({ wanted }) => [...(wanted.feeds ?? []), ...(wanted.symbols ?? [])]).flat();
        const unused = (names) => names.filter((name) => !others.includes(name));
        this.client.unsubscribe({ feeds: unused(feeds), symbols: unused(symbols) });
        for (const name of unused(feeds)) this.stale.delete(name);
    }

    show() {
        for (const element of this.elements) element.show(this);
    }

    /** The feed's document, or the tickers that have the symbol; null while there is none. */
    document(feed, symbol) {
        if (feed !== TICKER) return this.client.document(feed);
        return Object.hasOwn(this.client.tickers, symbol) ? this.client.tickers : null;
    }

    /** The code with which the server refused the feed or the symbol, or null. */
    refusal(feed, symbol) {
        return this.refused.get(feed === TICKER ? `${TICKER} ${symbol}` : feed) ?? null;
    }

    /** Why a feed must not be believed; null while it may be, or while nothing is known of it. */
    reason(feed) {
        if (this.client.state === "signed-out") return "signed_out";
        return this.stale.get(feed) ?? null;
    }
}

/** The element; see the top of the file. */
export class FeedValue extends HTMLElement {
    static observedAttributes = ["feed", "path", "url", "places"];

    connectedCallback() {
        this.note ??= noteOf(this);
        const { feed, keys } = this.source();
        this.feed = feed;
        this.keys = keys;
        this.wanted = feed === TICKER ? { symbols: [keys[0]] } : { feeds: [feed] };
        this.shared = SharedClient.at(new URL(this.getAttribute("url") ?? DEFAULT_URL, socketBase()).href);
        this.toggleAttribute("loading", true);
        this.shared.add(this);
    }

    disconnectedCallback() {
        this.shared?.remove(this);
        this.shared = null;
    }

    attributeChangedCallback() {
        if (!this.shared) return;
        this.disconnectedCallback();
        this.connectedCallback();
    }

    source() {
        const feed = this.getAttribute("feed");
        const path = this.getAttribute("path");
        if (!feed || !path) throw new TypeError(`<feed-value> needs "feed" and "path"; found ${this.outerHTML}`);
        return { feed, keys: keysOf(path) };
    }

    /** Show what the connection knows now. */
    show(shared) {
        const document = shared.document(this.feed, this.keys[0]);
        const code = shared.refusal(this.feed, this.keys[0]);
        const stale = shared.reason(this.feed);
        const known = document !== null;
        // What was there at first stays until there is a value; a value that was taken away, or is another user's, does not.
        if (known || this.filled) this.setText(shownText(valueAt(document, this.keys), this.places));
        this.filled = known || this.filled;
        this.toggleAttribute("loading", !known && !code && !stale);
        setOrRemove(this, "stale", stale);
        setOrRemove(this, "refused", code);
        this.note.textContent = this.noteText({ known, stale, code });
    }

    noteText({ known, stale, code }) {
        if (code) return ` (${this.getAttribute("refused-text") ?? "not available"})`;
        if (stale) return ` (${this.getAttribute("stale-text") ?? `not current: ${REASONS[stale] ?? stale}`})`;
        return known ? "" : ` (${this.getAttribute("loading-text") ?? "loading"})`;
    }

    get places() {
        const places = this.getAttribute("places");
        return places === null ? null : Number.parseInt(places, 10);
    }

    setText(text) {
        if (this.textContent !== text) this.textContent = text;
    }
}

function setOrRemove(element, name, value) {
    if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** The address that `url` is relative to: the page's own origin, as a socket's. */
function socketBase() {
    const base = new URL("/", location.href);
    base.protocol = base.protocol === "https:" ? "wss:" : "ws:";
    return base.href;
}

/** The words beside the value that are read aloud and not seen; the sheet is made here, which a strict CSP allows. */
function noteOf(element) {
    const root = element.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        :host([stale]), :host([refused]) { opacity: 0.75; font-style: italic; }
        span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
    `);
    root.adoptedStyleSheets = [sheet];
    const note = document.createElement("span");
    root.append(document.createElement("slot"), note);
    return note;
}

customElements.define("feed-value", FeedValue);
