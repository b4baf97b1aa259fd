/** Editing a resting order in its row: Enter saves, Escape restores, and a refusal is shown at the field. */

import { label } from "./labels.js";
import { post, show } from "./submit.js";

let refusals = 0; // so far: each is named by its number

/**
 * Let the buttons with data-edit ("price", "amount") open a field in their place.
 * @param {HTMLElement} panel the open orders
 * @param {HTMLElement} notice says what became of a change
 * @param {FeedClient} client
 */
export function keepOrderEdit(panel, notice, client) {
    panel.addEventListener("click", (event) => {
        const button = event.target.closest("button[data-edit]");
        if (button) open(button, notice, () => client.document("orders")?.[button.closest("tr").dataset.key]);
    });
    client.addEventListener("document", ({ detail }) => {
        if (detail.feed !== "orders") return;
        for (const button of panel.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
    });
}

/** `order` returns the order as it is now. */
function open(button, notice, order) {
    const field = button.dataset.edit;
    const exact = () => order()?.[field] ?? button.querySelector("[data-field]").title;
    if (!exact()) return; // a market order has no price
    const input = inputFor(button, exact());
    const refusal = refusalFor(input);
    let closed = false; // a field that is removed loses the focus, too
    const close = () => {
        if (closed) return;
        closed = true;
        const focused = document.activeElement === input;
        input.remove();
        refusal.remove();
        button.hidden = false;
        if (focused) button.focus();
    };
    input.addEventListener("keydown", (event) => {
        if (event.key === "Escape") close();
        if (event.key === "Enter") save();
        if (event.key === "Enter" || event.key === "Escape") event.preventDefault();
    });
    input.addEventListener("blur", () => input.value === exact() && close());
    const save = async () => {
        if (input.value.trim() === exact()) return close();
        input.readOnly = true;
        const answer = await amend(button, field, input.value.trim());
        input.readOnly = false;
        if (!answer.ok) return refuse(input, refusal, answer.message, exact());
        button.setAttribute("aria-busy", "true"); // until the order comes as it is now
        close();
        show(notice, "done", answer.message);
    };
}

function inputFor(button, value) {
    const input = document.createElement("input");
    Object.assign(input, { value, autocomplete: "off", inputMode: "decimal", className: "form-control row-edit" });
    input.setAttribute("aria-label", label(`edit-${button.dataset.edit}`, { id: button.closest("tr").dataset.key }));
    button.hidden = true;
    button.after(input);
    input.focus();
    input.select();
    return input;
}

function refusalFor(input) {
    const refusal = document.createElement("p");
    Object.assign(refusal, { className: "refused row-refusal", id: `refusal-${(refusals += 1)}` });
    refusal.setAttribute("role", "alert");
    input.after(refusal);
    input.setAttribute("aria-describedby", refusal.id);
    return refusal;
}

/** Say why at the field, with the value that still holds in it. */
function refuse(input, refusal, message, value) {
    refusal.textContent = message;
    input.setAttribute("aria-invalid", "true");
    input.value = value;
    input.focus();
    input.select();
}

function amend(button, field, value) {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
    body.set(field, value);
    return post(button.closest("tr").querySelector("[data-amend]").href, body);
}
