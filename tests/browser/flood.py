"""A flood of patches inside the page: a socket that needs no server, and counts of what the page does meanwhile."""

from typing import Any

from playwright.sync_api import Page

# The page's own WebSocket: it welcomes and confirms like the server, and `flood` hands it frames as text.
SOCKET = """
(() => {
    class FloodSocket extends EventTarget {
        constructor(url) {
            super();
            window.floodSocket = this;
            setTimeout(() => this.hear({ type: "welcome", protocol: 1, user: { id: 1 }, heartbeat: 600, ts: 1000 }));
        }
        send(text) {
            const { type, id, feeds = [] } = JSON.parse(text);
            const answers = Object.fromEntries(feeds.map((name) => [name, { ok: true }]));
            if (type !== "subscribe") return;
            setTimeout(() => this.hear({ type: "subscribed", id, feeds: answers, symbols: {} }));
        }
        close() {}
        hear(frame) {
            this.onmessage?.({ data: JSON.stringify(frame) });
        }
    }
    window.WebSocket = FloodSocket;
})();
"""

# Counts frames and their gaps, long tasks, and in how many tasks the cells of a panel were changed.
WATCH = """
(panels) => {
    const watched = { gaps: [], frames: 0, longTasks: [], paints: {}, running: true };
    window.watched = watched;
    let last = performance.now();
    const frame = (now) => {
        watched.frames += 1;
        watched.gaps.push(now - last);
        last = now;
        if (watched.running) requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    new PerformanceObserver((list) => watched.longTasks.push(...list.getEntries().map((entry) => entry.duration)))
        .observe({ type: "longtask" });
    for (const id of panels) {
        watched.paints[id] = 0;
        const rows = document.querySelector(`#${id} [data-rows]`);
        const observer = new MutationObserver(() => { watched.paints[id] += 1; });
        observer.observe(rows, { subtree: true, childList: true, characterData: true });
    }
}
"""

# Each patch changes the balance, the valuation of a position and a ticker, as a lively market and many fills would.
FLOOD = """
async ([rate, seconds]) => {
    const total = rate * seconds;
    const started = performance.now();
    let sent = 0;
    const patch = (number) => {
        const cents = `${100000 + number}.${String(number % 100).padStart(2, "0")}`;
        const entry = (body) => ({ epoch: 1, seq: number + 1, patch: body });
        const position = { markPrice: `${60 + (number % 500) / 100}`, unrealizedPnl: `${number}` };
        window.floodSocket.hear({ type: "push", ts: 1000 + number, feeds: {
            balance: entry({ paper: { free: cents } }),
            pnl: entry({ paper: { equity: cents, dayPnl: `${number}`, positions: { AAPL: position } } }),
        } });
        window.floodSocket.hear({ type: "ticker", ts: 1000 + number, tickers: { AAPL: {
            ...window.floodTicker, last: position.markPrice, marketTime: window.floodTicker.marketTime + number * 1000,
        } } });
    };
    const ended = () => (total ? sent >= total : performance.now() - started >= seconds * 1000);
    while (!ended()) {
        const due = Math.min(total, Math.ceil((performance.now() - started) / 1000 * rate));
        while (sent < due) patch(sent += 1);
        await new Promise((resolve) => setTimeout(resolve, 4));
    }
    window.watched.running = false;
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return { ...window.watched, sent, milliseconds: performance.now() - started };
}
"""
PANELS = ["accounts", "positions", "pnl", "tickers"]


def prepare(page: Page) -> None:
    """Give the page that is opened next its own socket."""
    page.add_init_script(SOCKET)


def start(page: Page, documents: dict[str, Any], ticker: dict[str, Any]) -> None:
    """Give the page its first documents and a ticker, and begin to count."""
    page.wait_for_function("() => Boolean(window.floodSocket?.onmessage)")
    page.locator("#chart [data-state=loading]").wait_for(state="hidden")
    entries = {name: {"epoch": 1, "seq": 1, "snapshot": document} for name, document in documents.items()}
    page.evaluate("(frame) => window.floodSocket.hear(frame)", {"type": "push", "ts": 1000, "feeds": entries})
    page.evaluate("(ticker) => { window.floodTicker = ticker; }", ticker)
    page.evaluate(WATCH, PANELS)


def flood(page: Page, *, rate: int, seconds: float) -> dict[str, Any]:
    """Hand the page `rate` patches a second and return what was counted: frames, gaps, longTasks (ms), paints, sent."""
    counted: dict[str, Any] = page.evaluate(FLOOD, [rate, seconds])
    return counted
