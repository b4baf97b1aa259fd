/** What happens while there is no connection: which attempt, when, and a way not to wait for it. */

import { label } from "./labels.js";

const REFRESH_MS = 250;

/** Show the attempts to reconnect in `element`, and let its button make the next one at once. */
export function keepReconnection(element, client) {
    const text = element.querySelector("[data-retry-text]");
    const button = element.querySelector("[data-try-now]");
    let due = null; // when the next attempt is made, ms of this machine's clock
    let timer = null;

    const show = () => {
        const words = { attempt: client.failures, seconds: Math.max(0, Math.ceil((due - Date.now()) / 1000)) };
        const now = label(due === null ? "attempt-now" : "attempt-in", words);
        if (text.textContent !== now) text.textContent = now;
    };
    client.addEventListener("state", ({ detail: { state, reason, delay } }) => {
        clearInterval(timer);
        element.hidden = state !== "reconnecting";
        if (element.hidden) return;
        due = delay === null ? null : Date.now() + delay;
        button.hidden = due === null || reason === "limited"; // who comes too often is only refused again
        show();
        timer = setInterval(show, REFRESH_MS);
    });
    const tryNow = () => client.state === "reconnecting" && client.open();
    button.addEventListener("click", tryNow);
    addEventListener("online", tryNow);
}
