/** The market's tickers, and its time. */

import { showRows } from "./rows.js";

/** Keep the panel up to date with the client's tickers. */
export function keepTickers(panel, client) {
    client.addEventListener("ticker", () => {
        const symbols = Object.keys(client.tickers).sort();
        showRows(panel, symbols.map((symbol) => [symbol, client.tickers[symbol]]));
        showTime(Math.max(...symbols.map((symbol) => client.tickers[symbol].marketTime ?? 0)));
    });
}

function showTime(milliseconds) {
    const element = document.querySelector("[data-market-time]");
    if (element && milliseconds) element.textContent = new Date(milliseconds).toISOString().slice(0, 16).replace("T", " ");
}
