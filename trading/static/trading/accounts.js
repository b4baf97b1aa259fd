/** The account tiles: the feed `balance`, joined with the valuation of `pnl`. */

import { showRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepAccounts(panel, client) {
    const show = () => {
        const balance = client.document("balance");
        const pnl = client.document("pnl") ?? {};
        if (!balance) return;
        showRows(panel, Object.keys(balance).sort().map((name) => [name, { name, ...pnl[name], ...balance[name] }]));
    };
    client.addEventListener("document", ({ detail }) => (detail.feed === "balance" || detail.feed === "pnl") && show());
}
