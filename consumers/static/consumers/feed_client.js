/**
 * The browser side of PROTOCOL.md: one WebSocket, the documents of the feeds that a page subscribes to, and whether
 * they may be believed. A plain ES module: no build step, no imports, nothing of any page in it.
 *
 *     import { FeedClient } from "https://trading.example.com/static/consumers/feed_client.js";
 *     const client = new FeedClient({ url: "wss://example.com/ws/", feeds: ["balance"], symbols: ["AAPL"] });
 *     client.addEventListener("document", ({ detail }) => show(detail.feed, detail.document));
 *     client.open();
 *
 * Events (CustomEvent, everything in `detail`):
 *   document {feed, document, patch}   a document changed; `patch` is the merge patch, or null after a snapshot
 *   ticker   {tickers}                 symbol -> whole row, the newer ones only
 *   state    {state, reason, delay}    connecting | open | reconnecting | signed-out | closed; `delay` in ms, if it retries;
 *                                      `reason` of reconnecting: lost | restart | limited, of closed: by-page |
 *                                      protocol | revoked
 *   stale    {feed, reason, since}     the feed's document must not be believed; the server's reasons, or `disconnected`
 *   live     {feed}                    it may be believed again
 *   refused  {feed | symbol, code}     the server would not subscribe it, or took it away; its document is dropped
 *   reset    {}                        another user is signed in: all documents were dropped
 *   problem  {code, message}           the server answered with an error
 */

/** Seconds within which the server answers a subscription, and after which an unanswered request is repeated. */
const ANSWER_SECONDS = 5;
/** Seconds that a heartbeat may be ahead of us: its push may still be on the way. */
const AHEAD_SECONDS = 2;
/** Seconds to wait for `welcome`, which names the heartbeat. */
const WELCOME_SECONDS = 10;
/** Reconnecting: the first delay's ceiling, doubled at each failure up to the last. Milliseconds. */
const BACKOFF_MS = 500;
const BACKOFF_LIMIT_MS = 30_000;
/** After close code 4429, "after a minute", spread so that many tabs do not come back as one. Milliseconds. */
const LIMITED_MS = [60_000, 75_000];
/** Close codes after which reconnecting by itself is useless or unwanted. */
const FINAL_CODES = { 4400: "protocol", 4401: "signed-out", 4403: "revoked" };
const TICKER = "ticker";

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Apply an RFC 7396 JSON Merge Patch and return the result; neither argument is changed.
 * @param {*} document
 * @param {*} patch
 * @returns {*}
 */
export function merge(document, patch) {
    if (!isObject(patch)) return patch;
    const merged = new Map(isObject(document) ? Object.entries(document) : []);
    for (const [key, value] of Object.entries(patch)) {
        if (value === null) merged.delete(key);
        else merged.set(key, merge(merged.get(key), value));
    }
    return Object.fromEntries(merged);
}

/**
 * Compare two positions {epoch, seq}: negative when `left` is older. Null, having none, is behind everything.
 * @returns {number}
 */
export function compare(left, right) {
    if (!left || !right) return Number(Boolean(left)) - Number(Boolean(right));
    return left.epoch - right.epoch || left.seq - right.seq;
}

/**
 * Say what a push's entry means for a feed at `position` (null: none).
 * @param {?{epoch: number, seq: number}} position
 * @param {{epoch: number, seq: number, snapshot: ?object, patch: ?object}} entry
 * @returns {"apply"|"confirm"|"ignore"|"gap"} `confirm`: we are exactly there, with nothing to apply
 */
export function advance(position, entry) {
    const order = compare(entry, position);
    if (order < 0) return "ignore";
    if (entry.snapshot !== undefined) return order > 0 ? "apply" : "confirm";
    if (entry.patch === undefined) return order === 0 ? "confirm" : "gap";
    if (order === 0) return "ignore";
    return position && entry.epoch === position.epoch && entry.seq === position.seq + 1 ? "apply" : "gap";
}

/** What is known of one subscribed feed. Times are seconds of the client's clock. */
class Subscription {
    position = null;
    document = null;
    confirmedAt = null; // ms UTC, the server's clock: the last read that confirmed the document

    constructor() {
        this.disconnect();
    }

    /** Forget what held for the connection; position and document stay, for `have`. */
    disconnect() {
        this.known = null; // the newest position heard of
        this.askAt = Infinity; // when to ask, if it is still behind `known` then
        this.confirmed = false; // a snapshot, a position or a patch that fits has come since `subscribed`
        this.answerDue = Infinity; // `subscribed` + 5 s
        this.stale = null; // the heartbeat's {reason, since}
    }

    /** From here on the server speaks of this subscription; what came before was of an earlier one. */
    subscribed(now) {
        this.confirmed = false;
        this.stale = null;
        this.answerDue = now + ANSWER_SECONDS;
    }

    hear(entry, askAt) {
        if (compare(entry, this.known) > 0) this.known = { epoch: entry.epoch, seq: entry.seq };
        if (this.behind) this.askAt = Math.min(this.askAt, askAt);
    }

    settle(entry) {
        this.position = { epoch: entry.epoch, seq: entry.seq };
        this.confirmed = true;
        if (!this.behind) this.askAt = Infinity;
    }

    get behind() {
        return compare(this.known, this.position) > 0;
    }

    isAwaited(now) {
        return !this.confirmed && now < this.answerDue;
    }

    /** When this feed must be asked for, in seconds; Infinity: not at all as things are. */
    get due() {
        if (this.behind) return this.confirmed ? this.askAt : Math.max(this.askAt, this.answerDue);
        // Called stale is an answer too: the server has nothing to send now, and will send it when it has.
        return this.confirmed || this.stale ? Infinity : this.answerDue;
    }
}

/** A connection to the feeds, kept up until `close()`. See the top of the file for its events. */
export class FeedClient extends EventTarget {
    /**
     * @param {object} options
     * @param {string} options.url the socket's address
     * @param {string[]} [options.feeds] names of feeds
     * @param {string[]} [options.symbols] symbols of the feed `ticker`
     * @param {typeof WebSocket} [options.WebSocket] for tests, as are the following
     * @param {() => number} [options.now] milliseconds; only differences count, and a sleep of the machine must too
     * @param {Function} [options.setTimeout]
     * @param {Function} [options.clearTimeout]
     * @param {() => number} [options.random] in [0, 1)
     */
    constructor(options) {
        super();
        this.url = options.url;
        this.Socket = options.WebSocket ?? globalThis.WebSocket;
        this.milliseconds = options.now ?? Date.now;
        this.setTimeout = options.setTimeout ?? ((...all) => globalThis.setTimeout(...all));
        this.clearTimeout = options.clearTimeout ?? ((timer) => globalThis.clearTimeout(timer));
        this.random = options.random ?? Math.random;
        this.state = "closed";
        this.userId = null;
        this.socket = null;
        this.feeds = new Map((options.feeds ?? []).map((name) => [name, new Subscription()]));
        this.symbols = new Map((options.symbols ?? []).map((symbol) => [symbol, 0]));
        this.tickers = {};
        this.ticker = new Subscription();
        this.announced = new Map(); // feed -> what the page was last told, as JSON
        /** How many connections in a row did not last until a heartbeat: the number of the next attempt, while reconnecting. */
        this.failures = 0;
        this.lastId = 0;
        this.pings = new Map();
        this.goodbye = null; // the frame, when the server has said it
        this.serverAhead = null; // ms between the server's clock and ours
        this.retryTimer = this.askTimer = this.deathTimer = null;
        this.forgetConnection();
    }

    // For the page

    /** Connect, or connect at once when a retry is under way. After 4401 too: call it when signed in again. */
    open() {
        if (this.socket) return;
        this.clearTimeout(this.retryTimer);
        this.setState(this.failures || this.userId !== null ? "reconnecting" : "connecting");
        this.goodbye = null;
        const socket = new this.Socket(this.url);
        this.socket = socket;
        socket.onmessage = (event) => this.socket === socket && this.onText(event.data);
        socket.onclose = (event) => this.socket === socket && this.onClose(event.code);
        this.watchForDeath(WELCOME_SECONDS);
    }

    /** Disconnect and stay disconnected until `open()`. */
    close() {
        this.dropSocket();
        this.clearTimeout(this.retryTimer);
        this.setState("closed", "by-page");
    }

    /** Subscribe further feeds and symbols. */
    subscribe({ feeds = [], symbols = [] }) {
        const newFeeds = feeds.filter((name) => !this.feeds.has(name));
        const newSymbols = symbols.filter((symbol) => !this.symbols.has(symbol));
        for (const name of newFeeds) this.feeds.set(name, new Subscription());
        for (const symbol of newSymbols) this.symbols.set(symbol, 0);
        if (this.welcomed && newFeeds.length + newSymbols.length) this.sendSubscribe(newFeeds, newSymbols);
    }

    /** Unsubscribe feeds and symbols, and drop their documents. */
    unsubscribe({ feeds = [], symbols = [] }) {
        const oldFeeds = feeds.filter((name) => this.drop(name));
        const oldSymbols = symbols.filter((symbol) => this.symbols.delete(symbol));
        for (const symbol of oldSymbols) delete this.tickers[symbol];
        if (this.welcomed && oldFeeds.length + oldSymbols.length) {
            this.send({ type: "unsubscribe", feeds: oldFeeds, symbols: oldSymbols });
        }
        this.ask();
    }

    /** Measure the round trip: a promise of milliseconds, rejected when the connection is lost first. */
    ping() {
        return new Promise((resolve, reject) => {
            if (!this.welcomed) return reject(new Error("Not connected."));
            this.pings.set(this.send({ type: "ping" }), { sent: this.milliseconds(), resolve, reject });
        });
    }

    /** The last document of a feed, or null. It may be stale: see `isLive`. */
    document(feed) {
        return this.feeds.get(feed)?.document ?? null;
    }

    /** The (epoch, seq) of a feed's document, or null. */
    position(feed) {
        return this.feeds.get(feed)?.position ?? null;
    }

    /** Whether a feed (or `ticker`) may be believed now. */
    isLive(feed) {
        return this.status(feed)?.live ?? false;
    }

    /** Milliseconds since the server last confirmed a feed's document, by the server's clock; null: unknown. */
    age(feed) {
        const asOf = this.subscription(feed)?.confirmedAt ?? null;
        if (asOf === null || this.serverAhead === null) return null;
        return Math.max(0, this.milliseconds() + this.serverAhead - asOf);
    }

    // Frames

    onText(text) {
        let frame;
        try {
            frame = JSON.parse(text);
        } catch {
            return; // no server of ours; the heartbeat's rule decides whether it is alive
        }
        if (!isObject(frame)) return;
        if (Number.isFinite(frame.ts)) this.serverAhead = frame.ts - this.milliseconds();
        this.onFrame(frame);
        if (!this.socket) return;
        this.watchForDeath(this.welcomed ? 2 * this.heartbeat : WELCOME_SECONDS);
        this.ask();
        this.announce();
    }

    onFrame(frame) {
        switch (frame.type) {
            case "welcome": return this.onWelcome(frame);
            case "subscribed": return this.onSubscribed(frame);
            case "unsubscribed": return this.onUnsubscribed(frame);
            case "push": return isObject(frame.feeds) && this.onPush(frame);
            case "ticker": return isObject(frame.tickers) && this.onTicker(frame);
            case "heartbeat": return this.onHeartbeat(frame);
            case "goodbye": return void (this.goodbye = frame);
            case "pong": return this.onPong(frame);
            case "error": return this.emit("problem", { code: frame.code, message: frame.message });
        }
    }

    onWelcome(frame) {
        const userId = frame.user?.id ?? null;
        if (this.userId !== null && this.userId !== userId) this.reset();
        this.userId = userId;
        this.heartbeat = frame.heartbeat > 0 ? frame.heartbeat : WELCOME_SECONDS;
        this.welcomed = true;
        if (this.feeds.size + this.symbols.size) this.sendSubscribe([...this.feeds.keys()], [...this.symbols.keys()]);
        this.setState("open");
    }

    onSubscribed(frame) {
        for (const [name, answer] of Object.entries(frame.feeds ?? {})) {
            if (answer.ok) this.feeds.get(name)?.subscribed(this.seconds());
        }
        this.onUnsubscribed(frame);
    }

    /** Drop what the server refuses, or takes away later; what the page gave up itself is gone already. */
    onUnsubscribed(frame) {
        for (const [name, answer] of Object.entries(frame.feeds ?? {})) {
            if (!answer.ok && this.drop(name)) this.emit("refused", { feed: name, code: answer.code });
        }
        for (const [symbol, answer] of Object.entries(frame.symbols ?? {})) {
            if (answer.ok || !this.symbols.delete(symbol)) continue;
            delete this.tickers[symbol];
            this.emit("refused", { symbol, code: answer.code });
        }
    }

    /** A push is one cut: all of it or, if one entry does not fit, none of it. */
    onPush(frame) {
        const steps = Object.entries(frame.feeds)
            .filter(([name, entry]) => this.feeds.has(name) && hasPosition(entry))
            .map(([name, entry]) => ({ name, entry, feed: this.feeds.get(name) }))
            .map((step) => ({ ...step, verdict: advance(step.feed.position, step.entry) }))
            .filter(({ verdict }) => verdict !== "ignore");
        if (steps.some(({ verdict }) => verdict === "gap")) {
            for (const { feed, entry } of steps) feed.hear(entry, this.seconds());
            this.gap = true;
            return;
        }
        for (const { feed, entry, verdict } of steps) {
            if (verdict === "apply") feed.document = entry.snapshot ?? merge(feed.document, entry.patch);
            feed.settle(entry);
            feed.confirmedAt = newest(feed.confirmedAt, frame.ts);
        }
        // Told only now: a listener that looks at another feed's document sees the same cut.
        for (const { name, feed, entry, verdict } of steps) {
            if (verdict === "apply") this.emit("document", { feed: name, document: feed.document, patch: entry.patch ?? null });
        }
    }

    onTicker(frame) {
        const fresh = Object.entries(frame.tickers).filter(([symbol]) => this.symbols.get(symbol) <= frame.ts);
        for (const [symbol, row] of fresh) {
            this.symbols.set(symbol, frame.ts);
            this.tickers[symbol] = row;
        }
        if (!fresh.length) return;
        this.ticker.confirmed = true;
        this.ticker.confirmedAt = newest(this.ticker.confirmedAt, frame.ts);
        this.emit("ticker", { tickers: Object.fromEntries(fresh) });
    }

    onHeartbeat(frame) {
        this.failures = 0; // only a connection that lasts ends the backoff
        for (const [name, entry] of Object.entries(frame.feeds ?? {})) {
            const feed = this.subscription(name);
            if (!feed || !isObject(entry)) continue;
            feed.stale = entry.stale ?? null;
            if (hasPosition(entry)) feed.hear(entry, this.seconds() + AHEAD_SECONDS);
            // While behind, what was confirmed is a document that we do not have.
            if (!feed.behind) feed.confirmedAt = newest(feed.confirmedAt, entry.asOf);
            if (!feed.stale && hasPosition(entry) && compare(entry, feed.position) === 0) feed.settle(entry);
        }
    }

    onPong(frame) {
        const ping = this.pings.get(frame.id);
        this.pings.delete(frame.id);
        ping?.resolve(this.milliseconds() - ping.sent);
    }

    // Asking for snapshots

    /** Ask for what is due, one request at a time, and set the timer for the next look. */
    ask() {
        this.clearTimeout(this.askTimer);
        if (!this.welcomed) return;
        const now = this.seconds();
        const names = [...this.feeds.keys()];
        const due = names.filter((name) => this.feeds.get(name).due <= now);
        if (!due.length) {
            this.askedAt = -Infinity;
            this.gap = false;
        } else if (now >= this.askedAt + ANSWER_SECONDS) {
            // After a gap the cut is lost, so all feeds; but what the server is about to send is not asked for.
            const wanted = this.gap ? names.filter((name) => !this.feeds.get(name).isAwaited(now)) : due;
            this.send({ type: "snapshot", feeds: wanted });
            this.askedAt = now;
        }
        const later = names.map((name) => this.feeds.get(name).due).filter((time) => time > now);
        const next = Math.min(...later, due.length ? this.askedAt + ANSWER_SECONDS : Infinity);
        if (next < Infinity) this.askTimer = this.setTimeout(() => this.ask(), Math.ceil((next - now) * 1000));
    }

    // The connection

    onClose(code) {
        this.dropSocket();
        if (code in FINAL_CODES) return this.setState(code === 4401 ? "signed-out" : "closed", FINAL_CODES[code]);
        const delay = Math.round(this.retryDelay(code));
        this.failures += 1;
        this.setState("reconnecting", code === 4429 ? "limited" : this.goodbye ? "restart" : "lost", delay);
        this.retryTimer = this.setTimeout(() => this.open(), delay);
    }

    retryDelay(code) {
        const between = ([least, most]) => least + this.random() * (most - least);
        if (code === 4429) return between(LIMITED_MS);
        const range = this.goodbye?.reconnect_ms;
        if (Array.isArray(range) && range.length === 2 && range.every((value) => value >= 0)) return between(range);
        const ceiling = Math.min(BACKOFF_LIMIT_MS, BACKOFF_MS * 2 ** this.failures);
        return between([ceiling / 2, ceiling]);
    }

    /** Let go of the socket without waiting for its close, which a dead network never brings. */
    dropSocket() {
        const socket = this.socket;
        this.socket = null;
        this.forgetConnection();
        if (socket) {
            socket.onmessage = socket.onclose = null;
            socket.close();
        }
        for (const feed of [...this.feeds.values(), this.ticker]) feed.disconnect();
        this.announce();
    }

    forgetConnection() {
        this.welcomed = false;
        this.heartbeat = null; // seconds
        this.askedAt = -Infinity; // seconds
        this.gap = false; // something has been due since the last gap
        this.clearTimeout(this.askTimer);
        this.clearTimeout(this.deathTimer);
        for (const { reject } of this.pings.values()) reject(new Error("The connection was lost."));
        this.pings.clear();
    }

    watchForDeath(seconds) {
        this.clearTimeout(this.deathTimer);
        this.deathTimer = this.setTimeout(() => this.onClose(1006), seconds * 1000);
    }

    reset() {
        for (const name of this.feeds.keys()) this.feeds.set(name, new Subscription());
        for (const symbol of this.symbols.keys()) this.symbols.set(symbol, 0);
        this.tickers = {};
        this.ticker = new Subscription();
        this.emit("reset", {});
    }

    sendSubscribe(feeds, symbols) {
        const held = feeds.map((name) => [name, this.feeds.get(name).position]).filter(([, position]) => position);
        const frame = { type: "subscribe", feeds };
        if (symbols.length) frame.symbols = symbols;
        if (held.length) frame.have = Object.fromEntries(held);
        this.send(frame);
    }

    send(frame) {
        this.lastId += 1;
        this.socket.send(JSON.stringify({ ...frame, id: this.lastId }));
        return this.lastId;
    }

    // What the page is told

    subscription(name) {
        return name === TICKER ? this.ticker : this.feeds.get(name);
    }

    drop(name) {
        this.announced.delete(name);
        return this.feeds.delete(name);
    }

    /** {live: true}, or {live: false, reason, since}; null while the first answer is awaited. */
    status(name) {
        const feed = this.subscription(name);
        if (!feed) return null;
        if (!this.welcomed) return { live: false, reason: "disconnected" };
        if (feed.stale) return { live: false, reason: feed.stale.reason, since: feed.stale.since };
        return feed.confirmed ? { live: true } : null;
    }

    /** Tell the page of every feed that became live or stale. */
    announce() {
        for (const name of [...this.feeds.keys(), ...(this.symbols.size ? [TICKER] : [])]) {
            const status = this.status(name);
            const text = JSON.stringify(status);
            if (status === null || this.announced.get(name) === text) continue;
            this.announced.set(name, text);
            const { live, ...why } = status;
            this.emit(live ? "live" : "stale", { feed: name, ...why });
        }
    }

    setState(state, reason = null, delay = null) {
        this.state = state;
        this.emit("state", { state, reason, delay });
    }

    emit(type, detail) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    seconds() {
        return this.milliseconds() / 1000;
    }
}

function hasPosition(entry) {
    return isObject(entry) && Number.isInteger(entry.epoch) && Number.isInteger(entry.seq);
}

function newest(old, asOf) {
    return Number.isFinite(asOf) && asOf > (old ?? -Infinity) ? asOf : old;
}
