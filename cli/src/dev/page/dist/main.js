import { say } from "./announce.js";
import * as api from "./api.js";
import * as build from "./build.js";
import * as containers from "./containers.js";
import * as detail from "./detail.js";
import { byId, el, span } from "./dom.js";
import * as form from "./form.js";
import * as list from "./list.js";
const TABS = ["detail", "send", "containers", "environment"];
const BEAT_MS = 250;
const known = new Map();
let instance;
let name = "cargo trap";
let selected;
let isRevealed = false;
let isAsking = false;
let isStale = false;
let current = "send";
function take(update) {
    if (update.full && instance !== update.instance) {
        if (instance !== undefined)
            choose(undefined);
        instance = update.instance;
        known.clear();
        list.forget(null);
    }
    for (const invocation of update.invocations) {
        const before = known.get(invocation.number);
        known.set(invocation.number, invocation);
        list.show(invocation, open);
        if (!update.full && invocation.state === "done" && before?.state !== "done") {
            const what = `${invocation.method ?? invocation.kind} ${invocation.title}`;
            say(`${what}: ${list.status(invocation)}${invocation.ms === null ? "" : ` in ${span(invocation.ms)}`}`);
        }
        if (invocation.number === selected)
            void refresh();
    }
    for (const number of known.keys())
        if (update.oldest === null || number < update.oldest)
            known.delete(number);
    list.forget(update.oldest);
    list.count();
    list.select(selected);
    containers.take(update.containers, update.known);
    if (current === "containers")
        containers.draw();
    if (update.build !== undefined)
        build.show(update.build, name);
}
function open(number) {
    if (number !== selected)
        isRevealed = false;
    choose(number);
    show("detail");
    void refresh();
    if (matchMedia("(max-width: 62rem)").matches)
        byId("panel").scrollIntoView();
}
function choose(number) {
    selected = number;
    list.select(number);
    if (number === undefined)
        detail.forgotten();
}
async function refresh() {
    if (isAsking) {
        isStale = true;
        return;
    }
    isAsking = true;
    const number = selected;
    try {
        if (number !== undefined) {
            const seen = await api.invocation(number, isRevealed);
            if (number === selected)
                detail.show(seen, isRevealed, actions);
        }
    }
    catch {
        if (number === selected)
            detail.forgotten();
    }
    setTimeout(() => {
        isAsking = false;
        if (isStale) {
            isStale = false;
            void refresh();
        }
    }, number === selected ? BEAT_MS : 0);
}
const actions = {
    again: (number) => void api.again(number).then(({ number: next }) => sent(next), () => detail.forgotten()),
    edit: (invocation) => {
        show("send");
        form.edit(invocation);
    },
    reveal: (reveal) => {
        isRevealed = reveal;
        void refresh();
    },
    container: (number) => {
        show("containers");
        containers.open(number);
    },
};
function sent(number) {
    open(number);
    byId("tab-detail").focus();
}
function show(tab) {
    current = tab;
    for (const other of TABS) {
        const button = byId(`tab-${other}`);
        button.setAttribute("aria-selected", String(other === tab));
        button.tabIndex = other === tab ? 0 : -1;
        byId(other).hidden = other !== tab;
    }
    if (tab === "containers")
        containers.draw();
    if (tab === "environment")
        void variables(false);
}
async function variables(reveal) {
    const all = await api.environment(reveal);
    const button = byId("reveal-environment");
    button.setAttribute("aria-pressed", String(reveal));
    const rows = all.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)));
    byId("variables").replaceChildren(...rows);
}
function listen() {
    for (const tab of TABS)
        byId(`tab-${tab}`).addEventListener("click", () => show(tab));
    byId("tab-detail").parentElement?.addEventListener("keydown", (event) => {
        const at = TABS.indexOf(current);
        const to = new Map([
            ["ArrowRight", (at + 1) % TABS.length],
            ["ArrowLeft", (at + TABS.length - 1) % TABS.length],
            ["Home", 0],
            ["End", TABS.length - 1],
        ]).get(event.key);
        const tab = to === undefined ? undefined : TABS[to];
        if (tab === undefined)
            return;
        event.preventDefault();
        show(tab);
        byId(`tab-${tab}`).focus();
    });
    byId("reveal-environment").addEventListener("click", (event) => {
        const isShown = event.currentTarget.getAttribute("aria-pressed") === "true";
        void variables(!isShown);
    });
    list.listen();
}
async function begin() {
    listen();
    const [about, examples] = await Promise.all([api.about(), api.examples()]);
    name = about.name;
    byId("name").textContent = about.name;
    byId("about").textContent = `${location.origin}, ${about.host}, cargo trap ${about.version}`;
    form.listen(examples, sent);
    api.live(take, build.lose);
}
void begin();
