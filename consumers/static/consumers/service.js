/** The push service in the admin: loads the state again every two seconds, and works out what a total grows by. */

const PERIOD_MS = 2000;
const state = document.getElementById("service-state");
const freshness = document.getElementById("service-freshness");
const seen = []; // {total, at}: the pushes of all processes, by the database's clock in seconds

function showRate() {
    const cell = state.querySelector("[data-total]");
    const now = { total: Number(cell.dataset.total), at: Number(cell.dataset.at) };
    seen.push(now);
    while (seen.length > 2 && now.at - seen[1].at >= 10) seen.shift(); // a rate of the last ten seconds
    const { total, at } = seen[0];
    // A process that started anew counts from zero: no rate is shown until both ends are later than that.
    if (now.total < total) seen.splice(0, seen.length, now);
    else if (now.at > at) cell.textContent = ((now.total - total) / (now.at - at)).toFixed(1);
}

/** Put the new state in the place of the old one; tables stay as far to the side, and focused, as they were. */
function replace(nodes) {
    const tables = () => [...state.querySelectorAll(".results")];
    const before = tables().map((table) => ({ left: table.scrollLeft, focused: table === document.activeElement }));
    state.replaceChildren(...nodes);
    tables().forEach((table, index) => {
        table.scrollLeft = before[index]?.left ?? 0;
        if (before[index]?.focused) table.focus({ preventScroll: true });
    });
}

async function load() {
    try {
        const response = await fetch(state.dataset.url, { credentials: "same-origin", redirect: "error" });
        if (!response.ok) throw new Error(`HTTP ${response.status}`);
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        replace(page.body.childNodes);
        freshness.textContent = freshness.dataset.live;
        showRate();
    } catch {
        freshness.textContent = freshness.dataset.lost;
    }
    freshness.classList.toggle("bad", freshness.textContent === freshness.dataset.lost);
    setTimeout(load, PERIOD_MS);
}

showRate();
setTimeout(load, PERIOD_MS);
