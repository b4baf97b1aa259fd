/** The account tiles: the feed `balance`, joined with the valuation of `pnl`. */

import { percentOf } from "./decimals.js";
import { paintOnce } from "./paint.js";
import { paintRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepAccounts(panel, client) {
    const paint = () => {
        const balance = client.document("balance");
        const pnl = client.document("pnl") ?? {};
        if (!balance) return;
        paintRows(panel, Object.keys(balance).sort().map((name) => [name, account(name, balance[name], pnl[name])]));
    };
    client.addEventListener("document", ({ detail }) => {
        if (detail.feed === "balance" || detail.feed === "pnl") paintOnce(panel, paint);
    });
}

function account(name, balance, pnl = {}) {
    const marginUse = pnl.equity === undefined ? null : percentOf(balance.used, pnl.equity);
    return { name, ...pnl, ...balance, ...(marginUse === null ? {} : { marginUse }) };
}
