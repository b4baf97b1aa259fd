/** The entry of all pages but the dashboard: dialogs, and copying a secret. They work without it, too. */

import { keepDialogs } from "./dialogs.js";

keepDialogs(document.getElementById("dialog"));

for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard; // there is none over plain HTTP
    button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = button.dataset.copied;
    });
}
