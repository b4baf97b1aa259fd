/**
 * Pages that ask for something, in a dialog: a link with data-dialog leads to a page that holds a form in
 * [data-action], which is shown here instead. What goes wrong on the way leads to the page itself.
 */

/**
 * @param {HTMLDialogElement} dialog
 * @param {(form: HTMLFormElement) => Promise<boolean>} [send] sends the form and says whether the dialog is done with;
 *     without it the browser sends it, and goes where the answer leads
 */
export function keepDialogs(dialog, send = null) {
    document.addEventListener("click", (event) => {
        const link = event.target.closest("a[data-dialog]");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        open(dialog, link);
    });
    dialog.addEventListener("click", (event) => {
        if (!event.target.closest("[data-close]")) return;
        event.preventDefault();
        dialog.close();
    });
    dialog.addEventListener("submit", async (event) => {
        if (!send) return;
        event.preventDefault();
        if (await send(event.target)) dialog.close();
    });
}

async function open(dialog, link) {
    const content = await actionOf(link.href);
    if (!content) return location.assign(link.href);
    dialog.replaceChildren(document.adoptNode(content));
    dialog.showModal();
}

async function actionOf(address) {
    try {
        const response = await fetch(address, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        return page.querySelector("[data-action]");
    } catch {
        return null;
    }
}
