import { container as ask } from "./api.js";
import { logged } from "./detail.js";
import { byId, counted, el, size, span, svg } from "./dom.js";
const PHASES = [
    ["boot", "Node boots", "until Node is about to load the artifact"],
    ["load", "load", "until the artifact's first statement"],
    ["construct", "construct", "until the trampoline is called"],
    ["prepare", "prepare", "looking around: takeover, what is installed"],
    ["decode", "decode", "turning base64 into bytes"],
    ["write", "write", "writing or copying the program"],
    ["hand-over", "hand over", "until the takeover is asked for"],
    ["main", "to main", "until the program's own code begins"],
    ["poll", "to the poll", "until the first poll"],
    ["answer", "first answer", "from the first event until its answer"],
];
const items = new Map();
const changed = new Set();
export function take(containers, known) {
    for (const container of containers) {
        const before = items.get(container.number);
        items.set(container.number, {
            item: before?.item ?? el("li", { id: `container-${container.number}`, tabindex: "-1" }),
            container,
            isOpen: before?.isOpen ?? false,
        });
        changed.add(container.number);
    }
    for (const [number, { item }] of items) {
        if (known.includes(number))
            continue;
        item.remove();
        items.delete(number);
    }
    const alive = [...items.values()].filter(({ container }) => container.stand !== "ended").length;
    byId("container-count").textContent = items.size === 0 ? "" : `(${alive})`;
}
export function draw() {
    byId("no-containers").hidden = items.size > 0;
    legend();
    const longest = Math.max(1, ...[...items.values()].map(({ container }) => sum(container)));
    const list = byId("container-list");
    const numbers = [...items.keys()].sort((a, b) => b - a);
    numbers.forEach((number, index) => {
        const entry = items.get(number);
        if (entry === undefined)
            return;
        if (changed.has(number) || entry.item.dataset["longest"] !== String(longest))
            fill(entry, longest);
        if (list.children[index] !== entry.item)
            list.insertBefore(entry.item, list.children[index] ?? null);
    });
    changed.clear();
}
export function open(number) {
    const entry = items.get(number);
    if (entry === undefined)
        return;
    entry.isOpen = true;
    changed.add(number);
    draw();
    entry.item.scrollIntoView({ block: "nearest" });
    entry.item.focus();
}
function legend() {
    const used = new Set([...items.values()].flatMap(({ container }) => container.phases.map(([phase]) => phase)));
    const keys = PHASES.filter(([phase]) => used.has(phase)).map(([phase, name, about]) => el("li", { title: about }, swatch(phase), name));
    const list = byId("keys");
    if (list.childElementCount !== keys.length)
        list.replaceChildren(...keys);
}
function swatch(phase) {
    return svg("svg", { class: "key", "aria-hidden": "true" }, svg("rect", { class: phase, width: "100%", height: "100%" }));
}
function sum({ phases }) {
    return phases.reduce((sum, [, ms]) => sum + ms, 0);
}
function fill(entry, longest) {
    const { item, container } = entry;
    const hadFocus = item.contains(document.activeElement) && document.activeElement !== item;
    item.dataset["longest"] = String(longest);
    item.dataset["stand"] = container.stand;
    const details = el("details", { open: entry.isOpen });
    details.append(el("summary", {}, el("span", { class: "name" }, `Container ${container.number}`), " ", el("span", { class: `stand ${container.stand}` }, stand(container)), " ", el("span", { class: "note" }, about(container)), bar(container, longest)), waterfall(container));
    const log = el("div", {});
    details.append(log);
    details.addEventListener("toggle", () => {
        entry.isOpen = details.open;
        if (details.open)
            void said(container, log);
    });
    if (entry.isOpen)
        void said(container, log);
    item.replaceChildren(details);
    if (hadFocus)
        item.querySelector("summary")?.focus({ preventScroll: true });
}
async function said(container, into) {
    const { log, started } = await ask(container.number);
    const lines = logged("Before its first event", `container-${container.number}`, log, started ?? 0);
    if (lines !== null)
        into.replaceChildren(lines);
}
function stand({ stand, why }) {
    return stand === "ended" && why !== null ? `ended: ${why}` : stand;
}
function about(container) {
    const parts = [
        `version ${container.version}`,
        container.pid === null ? null : `pid ${container.pid}`,
        takeover(container),
        container.memory === null ? null : `${size(container.memory)} of memory`,
        container.memory === null && container.memoryPeak !== null ? `${size(container.memoryPeak)} of memory at most` : null,
        counted(container.answers, "answer"),
    ];
    return parts.filter((part) => part !== null).join(", ");
}
function takeover({ takeover }) {
    switch (takeover) {
        case "exec":
            return "by exec";
        case "spawn":
            return "by spawn";
        case "bridge":
            return "by bridge";
        case "none":
            return "no takeover";
        case null:
            return null;
    }
}
function bar(container, longest) {
    const told = container.phases.map(([phase, ms]) => `${name(phase)} ${span(ms)}`).join(", ");
    const picture = svg("svg", { class: "bar", role: "img", "aria-label": `Start in ${span(sum(container))}: ${told}` });
    let at = 0;
    for (const [phase, ms] of container.phases) {
        const [x, width] = [at / longest, ms / longest].map((part) => `${(part * 100).toFixed(3)}%`);
        picture.append(svg("rect", { class: phase, x: x ?? "0", width: width ?? "0", y: "2", height: "12" }));
        at += ms;
    }
    return picture;
}
function waterfall(container) {
    const total = Math.max(1, sum(container));
    let at = 0;
    const rows = container.phases.map(([phase, ms]) => {
        const from = at;
        at += ms;
        const percent = (part) => `${((part / total) * 100).toFixed(3)}%`;
        const rect = svg("rect", { class: phase, x: percent(from), width: percent(ms), y: "2", height: "12" });
        return el("tr", {}, el("th", { scope: "row", title: explain(phase) }, name(phase)), el("td", { class: "flow" }, svg("svg", { class: "bar", "aria-hidden": "true" }, rect)), el("td", { class: "number" }, span(ms)));
    });
    return el("table", { class: "waterfall" }, el("caption", { class: "unseen" }, `Start of container ${container.number}, phase by phase`), el("thead", { class: "unseen" }, el("tr", {}, el("th", { scope: "col" }, "Phase"), el("th", { scope: "col" }, "When"), el("th", { scope: "col" }, "Time"))), el("tbody", {}, ...rows));
}
function name(phase) {
    return PHASES.find(([id]) => id === phase)?.[1] ?? phase;
}
function explain(phase) {
    return PHASES.find(([id]) => id === phase)?.[2] ?? "";
}
