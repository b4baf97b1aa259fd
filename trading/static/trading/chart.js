/** The price chart: the candles of the chosen symbol, live, with own orders, fills and positions drawn on them. */

import { Candles, lengthOf, readCandles, startOf } from "./candles.js";
import { linesOf, markersOf } from "./chart_lines.js";
import { choosePrice, onSymbolChosen } from "./choices.js";
import { snap } from "./decimals.js";
import { formatValue } from "./figures.js";
import { paintOnce } from "./paint.js";
import { showFigure } from "./rows.js";

const FIRST = 500; // candles read at first
const FURTHER = 1000; // read at once when the oldest comes into view: the most that the API gives
const FRESHEN_MS = { same: 30_000, next: 15_000, gap: 3_000 }; // a tick shows what was last, not what was between
const DEFAULT_INTERVAL = "1m";
const DEFAULT_TICK = "0.01"; // until the instruments are read
const LEGEND = { time: "time", open: "price", high: "price", low: "price", close: "price", volume: "amount" };
const STATES = ["loading", "empty", "failed"];

/** Keep the panel up to date with the client's tickers and documents. */
export function keepChart(panel, client, dialog) {
    const chart = new Chart(panel, client, dialog);
    chart.open().catch((error) => {
        reportError(error);
        chart.setState("failed");
    });
}

/** Read the instruments' rules from the API; where it does not answer there are none, and the tick is that of cents. */
async function readInstruments() {
    try {
        const response = await fetch("/api/v1/instruments", { headers: { Accept: "application/json" } });
        return response.ok ? (await response.json()).items : [];
    } catch {
        return [];
    }
}

class Chart {
    constructor(panel, client, dialog) {
        Object.assign(this, { panel, client, dialog });
        this.symbol = panel.dataset.symbol;
        this.interval = DEFAULT_INTERVAL;
        this.instruments = new Map(); // symbol -> the API's document
        this.candles = new Candles(this.interval);
        this.reading = 0; // the newest reading's number: the answer to an older one comes too late
        this.readAt = 0; // milliseconds
        this.dueAt = Infinity; // milliseconds, when the newest candles are read again
        this.shown = new Map(); // start -> the candle of the interval itself
        this.changed = {}; // what is to be painted
        this.marked = null; // the markers that are painted, as JSON
        this.pointed = null; // the candle under the pointer, milliseconds UTC
    }

    async open() {
        this.listen();
        this.showQuote();
        this.setState("loading");
        // The library is large: the figures need not wait for it.
        const [{ ChartView }, { ChartMarks }] = await Promise.all([import("./chart_view.js"), import("./chart_marks.js")]);
        this.view = new ChartView(this.find("chart"), {
            onView: () => this.marks?.place(),
            onTime: (time) => { this.pointed = time; paintOnce(this.find("legend"), () => this.paintLegend()); },
            onPrice: (price) => choosePrice(snap(price, this.tick)),
            onOldest: () => this.readOlder(),
        });
        this.marks = new ChartMarks(this.panel, this.view, this.dialog);
        this.readInstruments();
        await this.load();
    }

    find(name) {
        return this.panel.querySelector(`[data-${name}]`);
    }

    get tick() {
        return this.instruments.get(this.symbol)?.precision.price ?? DEFAULT_TICK;
    }

    // What happens

    listen() {
        onSymbolChosen((symbol) => this.choose(symbol, this.interval));
        this.panel.addEventListener("click", ({ target }) => {
            const button = target.closest("[data-interval]");
            if (button) this.choose(this.symbol, button.dataset.interval);
            if (target.closest("[data-again]")) this.load();
        });
        this.client.addEventListener("ticker", ({ detail }) => {
            if (detail.tickers[this.symbol]) this.onTick(detail.tickers[this.symbol]);
        });
        this.client.addEventListener("document", () => this.repaintLines());
        this.client.addEventListener("live", ({ detail }) => { if (detail.feed === "ticker") this.dueAt = 0; });
        document.addEventListener("themechange", () => {
            this.view?.colour();
            this.marks?.paint();
            this.marked = null;
            this.repaintLines();
        });
        this.showInterval();
    }

    choose(symbol, interval) {
        if (symbol === this.symbol && interval === this.interval) return;
        Object.assign(this, { symbol, interval, pointed: null });
        this.panel.dataset.symbol = symbol;
        this.showInterval();
        this.showQuote();
        if (this.view) this.load();
    }

    onTick(ticker) {
        paintOnce(this.find("chart-quote"), () => this.showQuote());
        if (!this.loaded || ticker.marketTime === undefined) return;
        const step = this.candles.tick(ticker);
        if (step === "back") return void this.load();
        if (step === "late") return;
        this.repaint({});
        this.dueAt = Math.min(this.dueAt, this.readAt + FRESHEN_MS[step]);
        if (Date.now() >= this.dueAt) this.freshen();
    }

    // Reading

    async load() {
        if (!this.symbol) return this.setState("empty"); // nothing is traded here
        this.loaded = false;
        this.setState("loading");
        const number = ++this.reading;
        const candles = new Candles(this.interval);
        try {
            candles.replaceFrom(await readCandles(this.symbol, this.interval, { limit: FIRST }));
        } catch {
            if (number === this.reading) this.setState("failed");
            return;
        }
        if (number !== this.reading) return;
        Object.assign(this, { candles, loaded: true, complete: candles.base.length < FIRST });
        this.tickAgain();
        this.noteRead();
        this.repaint({ all: true, anew: true });
    }

    /** Read the newest candles again: what ticks have drawn is what was seen, not all that was. */
    async freshen() {
        this.noteRead();
        const number = this.reading;
        const { settled } = this.candles;
        const range = settled === null ? { limit: FIRST } : { since: settled, limit: FURTHER };
        const found = await readCandles(this.symbol, this.interval, range)
            .catch(() => []); // what is shown stays; the next tick tries again
        if (number !== this.reading || !found.length) return;
        this.candles.replaceFrom(found);
        this.tickAgain();
        this.repaint({ all: true });
    }

    /** Carry what was read on by the newest tick: it may have come meanwhile. */
    tickAgain() {
        const ticker = this.client.tickers[this.symbol];
        if (ticker?.marketTime !== undefined) this.candles.tick(ticker);
    }

    async readOlder() {
        if (this.complete || !this.loaded || this.readingOlder) return;
        this.readingOlder = true;
        const number = this.reading;
        const until = this.candles.first.timestamp;
        const found = await readCandles(this.symbol, this.interval, { until, limit: FURTHER }).catch(() => null);
        this.readingOlder = false;
        if (number !== this.reading || found === null) return;
        this.complete = found.length < FURTHER;
        this.candles.prepend(found);
        if (found.length) this.repaint({ all: true });
    }

    noteRead() {
        this.readAt = Date.now();
        this.dueAt = Infinity;
    }

    async readInstruments() {
        for (const instrument of await readInstruments()) this.instruments.set(instrument.symbol, instrument);
        this.view.setTick(this.tick);
        this.showQuote();
        this.repaintLines();
    }

    // Painting

    repaint(changed) {
        Object.assign(this.changed, changed);
        paintOnce(this.view, () => {
            const { all, anew } = this.changed;
            this.changed = {};
            if (all) this.paintAll(Boolean(anew));
            else if (this.loaded) this.paintNewest();
        });
    }

    paintAll(anew) {
        const candles = this.candles.all();
        this.shown = new Map(candles.map((candle) => [candle.timestamp, candle]));
        this.view.setTick(this.tick);
        this.view.setCandles(candles, anew);
        this.setState(candles.length ? null : "empty");
        this.paintLines();
        this.paintLegend();
    }

    paintNewest() {
        const newest = this.candles.newest();
        const first = this.shown.size === 0;
        this.shown.set(newest.timestamp, newest);
        this.view.update(newest);
        if (first) this.setState(null);
        this.paintLegend();
    }

    repaintLines() {
        if (this.loaded) paintOnce(this.marks, () => this.paintLines());
    }

    paintLines() {
        this.marks.show(linesOf(this.symbol, this.client), this.tick);
        const length = lengthOf(this.interval);
        const drawn = ({ time }) => this.shown.has(startOf(time, length));
        const markers = markersOf(this.symbol, this.client, length).filter(drawn);
        if (JSON.stringify(markers) === this.marked) return;
        this.marked = JSON.stringify(markers);
        this.view.setMarkers(markers);
    }

    paintLegend() {
        const candle = this.shown.get(this.pointed) ?? this.candles.newest();
        const legend = this.find("legend");
        legend.hidden = !candle;
        if (!candle) return;
        for (const element of legend.querySelectorAll("[data-field]")) {
            const { field } = element.dataset;
            const text = formatValue(LEGEND[field], field === "time" ? candle.timestamp : candle[field]);
            element.textContent = field === "time" ? text.slice(0, this.interval === "1d" ? 10 : 16) : text;
        }
    }

    showQuote() {
        const row = this.client.tickers[this.symbol];
        const fresh = this.find("chart-symbol").textContent === this.symbol;
        this.find("chart-symbol").textContent = this.symbol;
        const name = this.instruments.get(this.symbol)?.name;
        if (name !== undefined || !fresh) this.find("chart-name").textContent = name ?? "";
        if (!row && fresh) return; // the server's figures, until a tick comes
        for (const element of this.find("chart-quote").querySelectorAll("[data-field]")) {
            showFigure(element, row?.[element.dataset.field]);
        }
    }

    showInterval() {
        for (const button of this.panel.querySelectorAll("[data-interval]")) {
            button.setAttribute("aria-pressed", String(button.dataset.interval === this.interval));
        }
    }

    setState(state) {
        for (const name of STATES) this.panel.querySelector(`[data-state=${name}]`).hidden = name !== state;
    }
}
