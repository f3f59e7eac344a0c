
// Fetches this page again and again, and changes what has changed: scroll, focus, selection and a screen reader's place stay.
// Adds what only the reader's machine knows: the local time, the age of the check, and that healthz does not answer.
"use strict";
(() => {
    const pause = Number(document.documentElement.dataset.refresh) * 1000;
    const icon = document.querySelector("link[rel=icon]");
    const news = document.getElementById("news");
    const tip = document.getElementById("tip");
    // When the last answer came, and how old its check was then.
    let heard = Date.now();
    let age = Math.max(0, heard - checkedAt());
    // Why this page is out of date, and what it said last.
    let lost = "";
    let said = "";

    async function refresh() {
        try {
            const answer = await fetch(location.href, {
                // As navigation has it: else /healthz answers in JSON.
                headers: { Accept: "text/html", "Upgrade-Insecure-Requests": "1" }, cache: "no-store",
                signal: AbortSignal.timeout(30000),
            });
            const next = new DOMParser().parseFromString(await answer.text(), "text/html");
            if (next.getElementById("verdict")) show(next, answer.headers.get("Date"));
            else lose(`healthz answered ${answer.status}`);
        } catch (error) {
            lose("No answer");
        }
        setTimeout(refresh, pause);
    }

    function show(next, date) {
        // Another healthz than the one that this page is from.
        if (next.querySelector("style").textContent !== document.querySelector("style").textContent) location.reload();
        lost = "";
        hide();
        // Screen readers are told when the title turns, and not at each refresh.
        if (document.title !== next.title) news.textContent = next.title;
        head(next.title, next.querySelector("link[rel=icon]").href);
        change(document.querySelector("main"), next.querySelector("main"));
        heard = Date.now();
        // By the clock of the server, as the two may differ.
        age = Math.max(0, (Date.parse(date) || heard) - checkedAt());
        decorate();
    }

    function head(title, address) {
        document.title = title;
        icon.href = address;
    }

    function change(old, next) {
        const [before, after] = [[...old.childNodes], [...next.childNodes]];
        if (old.nodeName !== next.nodeName) return old.replaceWith(next);
        const isKeyed = next.children?.length > 0 && [...old.children, ...next.children].every(child => child.id);
        if (!isKeyed && before.length !== after.length) return old.replaceWith(next);
        if (old.nodeType === Node.TEXT_NODE) return write(old, next.data);
        // The reader has opened it.
        const isKept = name => name === "open" || next.hasAttribute(name);
        for (const { name } of [...old.attributes]) if (!isKept(name)) old.removeAttribute(name);
        for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
        if (isKeyed) return changeByName(old, [...next.children]);
        before.forEach((child, index) => change(child, after[index]));
    }

    // Children with ids stay, wherever the others come and go.
    function changeByName(old, next) {
        const names = new Set(next.map(child => child.id));
        for (const child of [...old.children]) if (!names.has(child.id)) child.remove();
        const before = new Map([...old.children].map(child => [child.id, child]));
        let place = old.firstElementChild;
        for (const child of next) {
            const known = before.get(child.id);
            if (known && known === place) place = place.nextElementSibling;
            else old.insertBefore(known ?? child, place);
            if (known) change(known, child);
        }
    }

    // Somebody is copying from it: the next time will do.
    function write(text, data) {
        const { anchorNode, focusNode, isCollapsed } = getSelection();
        if (text.data !== data && (isCollapsed || text !== anchorNode && text !== focusNode)) text.data = data;
    }

    // MARK: Time

    function checkedAt() {
        return Date.parse(document.querySelector(".checked time").dateTime);
    }

    function span(milliseconds) {
        const seconds = Math.round(milliseconds / 1000);
        // Number and unit stay on one line.
        if (seconds < 60) return `${seconds}\u00a0s`;
        return seconds < 3600 ? `${Math.floor(seconds / 60)}\u00a0min` : `${Math.floor(seconds / 3600)}\u00a0h`;
    }

    function decorate() {
        for (const time of document.querySelectorAll("main time")) {
            time.title = new Date(time.dateTime).toLocaleString([], { timeZoneName: "short" });
        }
        tick();
    }

    function tick() {
        const silence = Date.now() - heard;
        if (lost || silence > 3 * pause) return lose(lost || "No answer");
        const local = new Date(checkedAt());
        const time = local.getTimezoneOffset() === 0 ? "" : `, ${local.toLocaleTimeString([], { timeZoneName: "short" })}`;
        document.querySelector(".checked .age").textContent = `${time}, ${span(age + silence)} ago`;
    }

    // The band says so, and no more that the node is healthy; the next answer brings all of it back.
    function lose(why) {
        const verdict = document.getElementById("verdict");
        if (lost !== why) {
            said = lost ? said : document.title;
            lost = why;
            news.textContent = why;
            verdict.className = "verdict lost";
            verdict.querySelector("use").setAttribute("href", "#mark-lost");
            verdict.querySelector("h1").lastChild.data = why;
            head(`? ${why} · ${location.host}`, icon.dataset.lost);
        }
        const text = `Last answer ${span(Date.now() - heard)} ago: ${said}. This page is out of date.`;
        verdict.querySelector(".gist").textContent = text;
        verdict.querySelector(".age").textContent = "";
    }

    // MARK: Marks, by the arrow keys

    function point(mark) {
        hide();
        mark.classList.add("at");
        news.textContent = tip.textContent = mark.title;
        tip.hidden = false;
        const place = mark.getBoundingClientRect();
        const left = Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - 4);
        tip.style.left = `${scrollX + Math.max(4, left)}px`;
        tip.style.top = `${scrollY + place.bottom + 4}px`;
    }

    function hide() {
        document.querySelector(".at")?.classList.remove("at");
        tip.hidden = true;
    }

    document.addEventListener("focusout", hide);
    document.addEventListener("keydown", event => {
        if (event.key === "Escape") return hide();
        const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        const marks = step ? [...document.activeElement.querySelectorAll("summary:focus .marks i")] : [];
        if (!marks.length) return;
        event.preventDefault();
        const at = marks.findIndex(mark => mark.classList.contains("at"));
        point(marks[at < 0 ? marks.length - 1 : Math.max(0, Math.min(marks.length - 1, at + step))]);
    });

    decorate();
    setInterval(tick, 1000);
    setTimeout(refresh, pause);
})();
