/** The dashboard's tools for trading by hand: notices of what orders come to, keys, and editing in the row. */

import { KeptSettings } from "./kept_settings.js";
import { keepOrderEdit } from "./order_edit.js";
import { keepShortcuts } from "./shortcuts.js";
import { keepToasts } from "./toasts.js";

/** Set them up for the page. */
export function keepDesk(client) {
    const settings = new KeptSettings();
    const element = (id) => document.getElementById(id);
    keepToasts(element("toasts"), client, settings, element("notifications"));
    keepShortcuts(element("shortcuts"), element("order-form"), settings);
    keepOrderEdit(element("orders"), element("notice"), client);
    for (const button of document.querySelectorAll("[data-opens]")) {
        button.hidden = false; // without a script there is nothing that it opens
        button.addEventListener("click", () => element(button.dataset.opens).showModal());
    }
}
