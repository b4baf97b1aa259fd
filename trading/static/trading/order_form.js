/** Sending a form without leaving the page: the answer is shown beside it. Without scripts the same forms redirect. */

import { label } from "./labels.js";

/** Make the order form submit by fetch. */
export function keepOrderForm(form) {
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (await submit(form, form.querySelector("[data-result]"))) form.elements.amount.value = "";
    });
}

/**
 * Post a form and show the answer in `result`.
 * @returns {Promise<boolean>} whether the server did it
 */
export async function submit(form, result) {
    const button = form.querySelector("button");
    const body = new FormData(form);
    button.disabled = true;
    show(result, "pending", label("sending"));
    const { ok, message } = await post(form.action, body);
    show(result, ok ? "done" : "failed", message);
    button.disabled = false;
    return ok;
}

async function post(address, body) {
    let response;
    try {
        response = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" } });
    } catch {
        return { ok: false, message: label("unreachable") };
    }
    try {
        return await response.json();
    } catch {
        return { ok: false, message: label("unexpected") }; // a sign-in page, or an error page
    }
}

function show(result, outcome, text) {
    result.hidden = false;
    result.dataset.outcome = outcome;
    result.textContent = text;
}
