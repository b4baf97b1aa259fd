/** Which orders something has happened to, from one document of a feed to the next. */

/**
 * The ids of the orders that changed between two documents of `orders` or `fills`.
 * @param {"orders"|"fills"} feed
 * @param {object} before
 * @param {object} after
 * @returns {string[]}
 */
export function changedOrders(feed, before, after) {
    return feed === "fills" ? newlyFilled(before, after) : goneOrFilled(before, after);
}

function goneOrFilled(before, after) {
    return Object.keys(before).filter((id) => !after[id] || after[id].filled !== before[id].filled);
}

/** A document holds the newest fills only: an id that is not above all former ones has come back, and is no news. */
function newlyFilled(before, after) {
    const newest = Math.max(0, ...Object.keys(before).map(Number));
    const fresh = Object.entries(after).filter(([id]) => Number(id) > newest);
    return [...new Set(fresh.map(([, fill]) => fill.order))];
}

/**
 * Tell `hear` of the orders that changed while the page was connected: not what was there at first, nor what is only
 * learned when the connection is back.
 * @param {FeedClient} client
 * @param {(ids: string[]) => void} hear
 */
export function watchOrders(client, hear) {
    const known = new Map(); // feed -> the document since which there was no interruption
    const isOurs = (feed) => feed === "orders" || feed === "fills";
    client.addEventListener("state", ({ detail }) => detail.state !== "open" && known.clear());
    client.addEventListener("live", ({ detail: { feed } }) => isOurs(feed) && known.set(feed, client.document(feed)));
    client.addEventListener("document", ({ detail: { feed, document } }) => {
        if (!isOurs(feed) || !known.has(feed)) return;
        const changed = changedOrders(feed, known.get(feed), document);
        known.set(feed, document);
        if (changed.length) hear(changed);
    });
}
