/** The ticket: sent without leaving the page, with a preview that follows what is typed. */

import { formatValue, fullValue } from "./figures.js";
import { keepChoices } from "./ticket_choices.js";
import { post, submit } from "./submit.js";

const QUIET_MS = 300; // after the last key

/** Keep the ticket's preview and its quote up to date, take what is chosen elsewhere, and submit it by fetch. */
export function keepTicket(form, client) {
    form.querySelector("[data-without-script]").hidden = true;
    keepPreview(form);
    keepChoices(form);
    client.addEventListener("ticker", () => showQuote(form, client.tickers[form.elements.symbol.value]));
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const { ok, next_id: nextId } = await submit(form, form.querySelector("[data-result]"));
        // Without an answer the id stays: sent again, it is the same order and not a second one.
        if (nextId) form.elements.client_order_id.value = nextId;
        if (ok) form.elements.amount.value = "";
        if (ok) form.dispatchEvent(new Event("change"));
    });
}

function keepPreview(form) {
    let timer = null;
    let asking = new AbortController();
    const { account, symbol, leverage } = form.elements;
    const facts = form.querySelector("[data-facts]");
    const refresh = async () => {
        asking.abort();
        asking = new AbortController();
        const answer = await post(form.dataset.preview, new FormData(form), { signal: asking.signal });
        if (!answer.ok) return; // a later one is under way, or there is nothing to show
        facts.innerHTML = answer.html;
        facts.removeAttribute("data-former");
        if (leverage.value === "" && document.activeElement !== leverage) leverage.value = answer.leverage;
    };
    for (const type of ["input", "change"]) {
        form.addEventListener(type, (event) => {
            // What is set of another instrument or account comes with the answer.
            if (event.target === account || event.target === symbol) leverage.value = "";
            facts.setAttribute("data-former", ""); // what it says is not what the ticket says now
            clearTimeout(timer);
            timer = setTimeout(refresh, QUIET_MS);
        });
    }
}

function showQuote(form, row) {
    for (const element of row ? form.querySelectorAll("[data-quote] [data-field]") : []) {
        const { field, kind } = element.dataset;
        element.textContent = formatValue(kind, row[field]);
        element.title = fullValue(kind, row[field]);
    }
}
