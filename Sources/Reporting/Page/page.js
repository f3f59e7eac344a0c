
// Fetches this page again and again, and changes what has changed: scroll, focus, selection and a screen reader's place stay.
"use strict";
(() => {
    const pause = Number(document.documentElement.dataset.refresh) * 1000;
    const icon = document.querySelector("link[rel=icon]");
    const news = document.getElementById("news");
    const lost = document.getElementById("lost");

    async function refresh() {
        try {
            const answer = await fetch(location.href, {
                // As navigation has it: else /healthz answers in JSON.
                headers: { Accept: "text/html", "Upgrade-Insecure-Requests": "1" }, cache: "no-store",
                signal: AbortSignal.timeout(30000),
            });
            const next = new DOMParser().parseFromString(await answer.text(), "text/html");
            if (next.getElementById("verdict")) show(next);
            else lose(`healthz answered ${answer.status}`);
        } catch (error) {
            lose("No answer from healthz");
        }
        setTimeout(refresh, pause);
    }

    function show(next) {
        // Another healthz than the one that this page is from.
        if (next.querySelector("style").textContent !== document.querySelector("style").textContent) location.reload();
        lost.hidden = true;
        // Screen readers are told when the title turns, and not at each refresh.
        if (document.title !== next.title) news.textContent = next.title;
        head(next.title, next.querySelector("link[rel=icon]").href);
        change(document.querySelector("main"), next.querySelector("main"));
    }

    function lose(why) {
        const text = `${why}: what stands here is old.`;
        if (lost.textContent !== text) lost.textContent = text;
        lost.hidden = false;
        head(`? ${why} · ${location.host}`, icon.dataset.lost);
    }

    function head(title, address) {
        document.title = title;
        icon.href = address;
    }

    function change(old, next) {
        const [before, after] = [[...old.childNodes], [...next.childNodes]];
        if (old.nodeName !== next.nodeName || before.length !== after.length) return old.replaceWith(next);
        if (old.nodeType === Node.TEXT_NODE) return write(old, next.data);
        for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
        for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
        before.forEach((child, index) => change(child, after[index]));
    }

    // Somebody is copying from it: the next time will do.
    function write(text, data) {
        const { anchorNode, focusNode, isCollapsed } = getSelection();
        if (text.data !== data && (isCollapsed || text !== anchorNode && text !== focusNode)) text.data = data;
    }

    setTimeout(refresh, pause);
})();
