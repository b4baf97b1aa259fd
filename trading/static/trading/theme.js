/* Dark or light, as the system prefers. A classic script in the head: a module would come after the first paint. */
(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const apply = () => document.documentElement.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
    dark.addEventListener("change", apply);
    apply();
})();
