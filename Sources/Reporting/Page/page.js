
// Fetches this page again and again, and puts what is new into its place: scroll, focus and selection stay.
"use strict";
(() => {
    const pause = Number(document.documentElement.dataset.refresh) * 1000;
    const icon = document.querySelector("link[rel=icon]");
    const news = document.getElementById("news");
    const lost = document.getElementById("lost");

    async function refresh() {
        try {
            const answer = await fetch(location.href, {
                headers: { Accept: "text/html" }, cache: "no-store", signal: AbortSignal.timeout(30000),
            });
            const next = new DOMParser().parseFromString(await answer.text(), "text/html");
            if (!next.getElementById("verdict")) throw new Error(`answered ${answer.status}`);
            show(next);
        } catch (error) {
            lose();
        }
        setTimeout(refresh, pause);
    }

    function show(next) {
        lost.hidden = true;
        head(next.title, next.querySelector("link[rel=icon]").href);
        const main = document.querySelector("main");
        const selection = getSelection();
        // Somebody is copying from it: the next time will do.
        if (!selection.isCollapsed && selection.containsNode(main, true)) return;
        const focused = document.activeElement.id;
        const [x, y] = [scrollX, scrollY];
        main.replaceWith(document.adoptNode(next.querySelector("main")));
        scrollTo(x, y);
        if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }

    function lose() {
        lost.hidden = false;
        head(`? No answer · ${location.host}`, icon.dataset.lost);
    }

    // Screen readers are told when the title turns, and not at each refresh.
    function head(title, address) {
        if (document.title === title) return;
        document.title = title;
        news.textContent = title;
        icon.href = address;
    }

    setTimeout(refresh, pause);
})();
