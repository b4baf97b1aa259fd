/*
 * Dark or light: as the user has chosen, or as the system prefers. A classic script in the head: a module would come
 * after the first paint. What draws by itself, such as a chart, listens to "themechange" on the document.
 */
(() => {
    const page = document.documentElement;
    const dark = matchMedia("(prefers-color-scheme: dark)");

    const apply = () => {
        const chosen = page.dataset.theme === "system" ? (dark.matches ? "dark" : "light") : page.dataset.theme;
        if (page.getAttribute("data-bs-theme") === chosen) return;
        page.setAttribute("data-bs-theme", chosen);
        document.dispatchEvent(new CustomEvent("themechange", { detail: chosen }));
    };

    /** The switch in the header: done at once, and kept by the server. */
    const choose = (event) => {
        const form = event.target.closest("[data-theme-switch]");
        if (!form || !event.submitter) return;
        event.preventDefault();
        page.dataset.theme = event.submitter.value;
        apply();
        form.querySelector(`button:not([value="${event.submitter.value}"])`).focus(); // the one that is shown now
        const body = new FormData(form, event.submitter);
        fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => {
            // Without the server the choice lasts as long as the page.
        });
    };

    dark.addEventListener("change", apply);
    document.addEventListener("submit", choose);
    apply();
})();
