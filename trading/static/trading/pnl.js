/** Profit and loss per account: the feed `pnl`. */

import { paintOnce } from "./paint.js";
import { paintRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepPnl(panel, client) {
    const paint = () => {
        const pnl = client.document("pnl");
        if (pnl) paintRows(panel, Object.keys(pnl).sort().map((name) => [name, { name, ...pnl[name] }]));
    };
    client.addEventListener("document", ({ detail }) => detail.feed === "pnl" && paintOnce(panel, paint));
}
