/** Profit and loss per account: the feed `pnl`. */

import { showRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepPnl(panel, client) {
    client.addEventListener("document", ({ detail }) => {
        if (detail.feed !== "pnl") return;
        const names = Object.keys(detail.document).sort();
        showRows(panel, names.map((name) => [name, { name, ...detail.document[name] }]));
    });
}
