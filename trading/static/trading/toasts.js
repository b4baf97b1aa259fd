/** Short notices in a corner: what has become of orders. Each kind can be muted; sound is off until it is asked for. */

import { label } from "./labels.js";
import { keepSwitch } from "./kept_settings.js";
import { watchOrders } from "./order_changes.js";
import { sound } from "./sound.js";

/** Kinds of news, the gravest last: of several at once, that is the one which sounds. */
export const KINDS = ["partial", "fill", "cancel", "expiry", "rejection", "liquidation"];

const GATHER_MS = 150; // a cancel of many orders, or a fill and what it closes, comes in more than one push
const SHOWN_MS = 8000;
const MOST = 4; // notices at once; and more news of a kind than this are one notice

/**
 * Show what becomes of the trader's orders from now on.
 * @param {HTMLElement} region holds the list, its template, the live region, and the address to ask (data-news)
 * @param {FeedClient} client
 * @param {KeptSettings} settings
 * @param {HTMLElement} choices its checkboxes named for a kind switch that kind, the one named `sound` the sound
 */
export function keepToasts(region, client, settings, choices) {
    for (const checkbox of choices.querySelectorAll("input[type=checkbox]")) {
        keepSwitch(checkbox, settings, `toast-${checkbox.name}`, checkbox.name !== "sound");
    }
    const wanted = (kind) => KINDS.includes(kind) && settings.get(`toast-${kind}`, true);
    const gathered = new Set();
    let timer = null;
    const tell = async () => {
        timer = null;
        const ids = [...gathered];
        gathered.clear();
        const told = summed((await ask(region.dataset.news, ids)).filter(({ kind, text }) => wanted(kind) && !isSaid(text)));
        for (const { kind, text } of told) add(region, kind, text);
        if (!told.length) return;
        region.querySelector("[data-said]").textContent = told.map(({ text }) => text).join(" ");
        if (settings.get("toast-sound", false)) sound(gravest(told));
    };
    watchOrders(client, (ids) => {
        ids.forEach((id) => gathered.add(id));
        timer ??= setTimeout(tell, GATHER_MS);
    });
}

async function ask(address, ids) {
    const query = new URLSearchParams(ids.map((id) => ["id", id]));
    try {
        const response = await fetch(`${address}?${query}`, { headers: { Accept: "application/json" } });
        return (await response.json()).news ?? [];
    } catch {
        return []; // the panels show it all the same
    }
}

/** Whether the page has just answered the trader with the same words. */
const isSaid = (text) => [...document.querySelectorAll("[data-result]")].some((result) => result.textContent.includes(text));

/** Many news of one kind as one. */
function summed(news) {
    return KINDS.flatMap((kind) => {
        const own = news.filter((entry) => entry.kind === kind);
        return own.length > MOST ? [{ kind, text: label(`many-${kind}`, { number: own.length }) }] : own;
    });
}

const gravest = (news) => KINDS[Math.max(...news.map(({ kind }) => KINDS.indexOf(kind)))];

function add(region, kind, text) {
    const list = region.querySelector("[data-toasts]");
    const toast = region.querySelector("template").content.firstElementChild.cloneNode(true);
    toast.dataset.kind = kind;
    toast.querySelector("[data-title]").textContent = label(`toast-${kind}`);
    toast.querySelector("[data-text]").textContent = text;
    toast.querySelector("button").addEventListener("click", () => toast.remove());
    list.append(toast);
    while (list.children.length > MOST) list.firstElementChild.remove();
    leaveLater(toast);
}

/** Take a notice away after a while, but not from under the pointer or the focus. */
function leaveLater(toast) {
    setTimeout(() => (toast.matches(":hover, :focus-within") ? leaveLater(toast) : toast.remove()), SHOWN_MS);
}
