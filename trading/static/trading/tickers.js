/** The watchlist: the market's tickers, each with the course of its last two hours; and the market's time. */

import { isSetBack, readCandles, startOf } from "./candles.js";
import { choosePrice, chooseSymbol, onSymbolChosen } from "./choices.js";
import { compareDecimals } from "./decimals.js";
import { paintOnce } from "./paint.js";
import { paintRows } from "./rows.js";
import { drawSparkline } from "./sparkline.js";

const POINTS = 120; // minutes
const MINUTE_MS = 60_000;

/** Keep the panel up to date with the client's tickers. */
export function keepTickers(panel, client) {
    const courses = new Map(); // symbol -> [{timestamp, close}], a minute each
    const changed = new Set(); // symbols whose course is to be drawn anew
    let colours = coloursOf(panel);
    let chosen = document.getElementById("chart").dataset.symbol;
    const paint = () => {
        const symbols = Object.keys(client.tickers).sort();
        if (symbols.length) paintRows(panel, symbols.map((symbol) => [symbol, client.tickers[symbol]]), addressSymbol);
        for (const row of panel.querySelectorAll("[data-rows] > tr")) {
            if (changed.delete(row.dataset.key)) paintCourse(row, courses.get(row.dataset.key), colours);
        }
        markChosen(panel, chosen);
        showTime(Math.max(0, ...symbols.map((symbol) => client.tickers[symbol].marketTime ?? 0)));
    };
    const repaint = () => paintOnce(panel, paint);
    client.addEventListener("ticker", ({ detail }) => {
        for (const [symbol, row] of Object.entries(detail.tickers)) {
            if (carryOn(courses.get(symbol), row)) changed.add(symbol);
        }
        repaint();
    });
    onSymbolChosen((symbol) => { chosen = symbol; repaint(); });
    document.addEventListener("themechange", () => {
        colours = coloursOf(panel);
        for (const symbol of courses.keys()) changed.add(symbol);
        repaint();
    });
    panel.addEventListener("click", (event) => choose(event, client));
    readCourses([...client.symbols.keys()], courses, (symbol) => { changed.add(symbol); repaint(); });
    repaint();
}

/** Read one symbol after the other: a long list must not be a flood. What can't be read is drawn from the ticks alone. */
async function readCourses(symbols, courses, onRead) {
    for (const symbol of symbols) courses.set(symbol, []);
    for (const symbol of symbols) {
        const candles = await readCandles(symbol, "1m", { limit: POINTS }).catch(() => []);
        const seen = courses.get(symbol).filter(({ timestamp }) => timestamp > (candles.at(-1)?.timestamp ?? 0));
        courses.set(symbol, [...candles, ...seen]);
        onRead(symbol);
    }
}

/** Carry a course on by a tick, and say whether that has changed it. */
function carryOn(course, { last, marketTime }) {
    if (!course || marketTime === undefined) return false;
    const timestamp = startOf(marketTime, MINUTE_MS);
    const newest = course.at(-1)?.timestamp ?? 0;
    if (timestamp < newest && !isSetBack(timestamp, newest)) return false;
    if (timestamp === newest && course.at(-1).close === last) return false;
    if (timestamp < newest) course.length = 0;
    if (course.at(-1)?.timestamp === timestamp) course.pop();
    course.push({ timestamp, close: last });
    if (course.length > POINTS) course.shift();
    return true;
}

/** Read once for each theme: a computed style asked for in every frame would be computed in every frame. */
function coloursOf(panel) {
    const styles = getComputedStyle(panel);
    return { rising: styles.getPropertyValue("--gain"), falling: styles.getPropertyValue("--loss") };
}

function paintCourse(row, course, { rising, falling }) {
    const prices = course.map(({ close }) => close);
    const falls = prices.length > 1 && compareDecimals(prices.at(-1), prices[0]) < 0;
    drawSparkline(row.querySelector("[data-spark]"), prices, falls ? falling : rising);
}

function markChosen(panel, chosen) {
    for (const row of panel.querySelectorAll("[data-rows] > tr")) {
        const link = row.querySelector("[data-choose]");
        if (row.dataset.key === chosen) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
    }
}

function choose(event, client) {
    const row = event.target.closest("[data-rows] > tr");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const pick = event.target.closest("[data-pick]");
    if (!pick && !event.target.closest("[data-choose]")) return;
    event.preventDefault();
    chooseSymbol(row.dataset.key);
    const ticker = client.tickers[row.dataset.key];
    if (pick && ticker) choosePrice(pick.dataset.pick === "buy" ? ticker.ask : ticker.bid, pick.dataset.pick);
}

function addressSymbol(row, symbol) {
    row.querySelector("[data-choose]").setAttribute("href", `?symbol=${encodeURIComponent(symbol)}`);
}

function showTime(milliseconds) {
    const element = document.querySelector("[data-market-time]");
    if (element && milliseconds) element.textContent = new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ");
}
