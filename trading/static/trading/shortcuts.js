/** Single keys that do what a link or a field of the page does. They can be switched off, and never fire in a field. */

import { keepSwitch } from "./kept_settings.js";

// One of a dialog that was just closed has the focus until the next frame, and is none any more.
const FIELDS = ":is(input, select, textarea, [contenteditable]):not(dialog:not([open]) *)";

/**
 * Whether a key event is meant for a shortcut: a key alone, once, and not typed into anything.
 * @param {KeyboardEvent} event
 * @returns {boolean}
 */
export function isShortcut(event) {
    const modified = event.ctrlKey || event.metaKey || event.altKey;
    return !modified && !event.repeat && !event.isComposing && !event.defaultPrevented && !event.target.closest?.(FIELDS);
}

/**
 * @param {HTMLDialogElement} sheet lists the keys; its checkbox switches them off
 * @param {HTMLFormElement} ticket
 * @param {KeptSettings} settings
 */
export function keepShortcuts(sheet, ticket, settings) {
    keepSwitch(sheet.querySelector("input[name=shortcuts]"), settings, "shortcuts", true);
    const press = (name) => document.querySelector(`[data-shortcut="${name}"]`).click();
    const actions = {
        b: () => startOrder(ticket, "buy"),
        s: () => startOrder(ticket, "sell"),
        c: () => press("cancel-all"),
        x: () => press("close-all"),
        "/": () => (document.querySelector("#tickers input[type=search]") ?? ticket.elements.symbol).focus(),
        "?": () => sheet.showModal(),
    };
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && event.target.closest?.("#order-form")) event.target.blur();
        const action = actions[event.key.toLowerCase()];
        if (!action || !settings.get("shortcuts", true) || !isShortcut(event) || document.querySelector("dialog[open]")) return;
        event.preventDefault(); // or the key would be typed into what is now focused
        action();
    });
}

function startOrder(ticket, side) {
    const choice = ticket.querySelector(`[name=side][value=${side}]`);
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    ticket.elements.amount.focus();
    ticket.elements.amount.select();
}
