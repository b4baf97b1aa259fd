/** Sending a form without leaving the page: the answer is shown beside it. Without scripts the same forms redirect. */

import { label } from "./labels.js";

const NOTICE_MS = 10_000;
let hideTimer = null;

/**
 * Post a form and show the answer in `result`.
 * @returns {Promise<{ok: boolean, answered: boolean, message: string}>} answered: the server did it or refused it
 */
export async function submit(form, result) {
    const button = form.querySelector("button");
    const body = new FormData(form);
    button.disabled = true;
    show(result, "pending", label("sending"));
    const answer = await post(form.action, body);
    show(result, answer.ok ? "done" : "failed", answer.message);
    if (answer.code === "signed_out") offerSignIn(result);
    button.disabled = false;
    return answer;
}

/** Post a form's data and return the server's answer, or one that says that there was none. */
export async function post(address, body, options = {}) {
    let response;
    try {
        response = await fetch(address, { method: "POST", body, headers: { Accept: "application/json" }, ...options });
    } catch {
        return { ok: false, answered: false, message: label("unreachable") };
    }
    try {
        return { answered: true, ...await response.json() };
    } catch {
        return { ok: false, answered: false, message: label("unexpected") }; // an error page
    }
}

/** Show a notice in place of the last one, wherever that was; what was done as asked needs no lasting notice. */
export function show(result, outcome, text) {
    clearTimeout(hideTimer);
    document.querySelectorAll("[data-result]").forEach(hide);
    result.hidden = false;
    result.dataset.outcome = outcome;
    result.textContent = text;
    if (outcome === "done") hideTimer = setTimeout(hide, NOTICE_MS, result);
}

function hide(result) {
    result.hidden = true;
    result.textContent = ""; // it may keep a place of its own
}

function offerSignIn(result) {
    const link = document.querySelector("[data-connection] [data-sign-in]").cloneNode(true);
    link.hidden = false;
    result.append(" ", link);
}
