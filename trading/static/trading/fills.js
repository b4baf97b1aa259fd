/** The newest fills: the feed `fills`. */

import { showRows } from "./rows.js";

/** Keep the panel up to date with the client's documents. */
export function keepFills(panel, client) {
    client.addEventListener("document", ({ detail }) => {
        if (detail.feed === "fills") showRows(panel, Object.entries(detail.document).sort(([a], [b]) => b - a));
    });
}
