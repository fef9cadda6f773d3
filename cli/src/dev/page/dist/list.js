import { byId, clock, counted, el, span } from "./dom.js";
const rows = new Map();
let selected;
export function show(invocation, open) {
    const known = rows.get(invocation.number);
    const hadFocus = known !== undefined && document.activeElement === known.button;
    const button = known?.button ??
        el("button", { type: "button", class: "open", tabindex: rows.size === 0 ? "0" : "-1" });
    const again = invocation.again === null ? null : el("small", {}, ` again ${invocation.again}`);
    button.replaceChildren(el("b", {}, invocation.method ?? invocation.kind), " ", el("span", { class: "title" }, invocation.title), ...(again === null ? [] : [again]));
    const cells = [
        el("td", { class: `status ${tone(invocation)}` }, ...short(invocation)),
        el("td", { class: "event" }, button),
        el("td", { class: "number", title: clock(invocation.arrived) }, time(invocation)),
        el("td", { class: "id" }, el("code", { title: invocation.requestId }, invocation.requestId.slice(0, 8))),
    ];
    if (known !== undefined) {
        known.row.replaceChildren(...cells);
        if (hadFocus)
            known.button.focus({ preventScroll: true });
        return;
    }
    button.addEventListener("click", () => open(invocation.number));
    const row = el("tr", {}, ...cells);
    rows.set(invocation.number, { row, button });
    const body = byId("rows");
    const newer = [...rows.keys()].filter((number) => number < invocation.number);
    const below = newer.length === 0 ? undefined : rows.get(Math.max(...newer))?.row;
    body.insertBefore(row, below ?? null);
}
export function forget(oldest) {
    for (const [number, { row }] of rows) {
        if (oldest === null || number < oldest) {
            row.remove();
            rows.delete(number);
        }
    }
    if (![...rows.values()].some(({ button }) => button.tabIndex === 0)) {
        const first = byId("rows").querySelector("button.open");
        if (first !== null)
            first.tabIndex = 0;
    }
}
export function count() {
    byId("nothing").hidden = rows.size > 0;
    byId("list-note").textContent = rows.size === 0 ? "" : counted(rows.size, "invocation");
}
export function select(number) {
    if (selected !== undefined)
        rows.get(selected)?.button.removeAttribute("aria-current");
    selected = number;
    if (number === undefined)
        return;
    const chosen = rows.get(number);
    chosen?.button.setAttribute("aria-current", "true");
    if (chosen !== undefined)
        focusable(chosen.button);
}
function focusable(button) {
    for (const { button: other } of rows.values())
        other.tabIndex = other === button ? 0 : -1;
}
export function listen() {
    byId("rows").addEventListener("keydown", (event) => {
        const buttons = [...byId("rows").querySelectorAll("button.open")];
        const at = buttons.indexOf(event.target);
        const to = new Map([
            ["ArrowDown", at + 1],
            ["ArrowUp", at - 1],
            ["Home", 0],
            ["End", buttons.length - 1],
        ]).get(event.key);
        const button = to === undefined ? undefined : buttons[to];
        if (button === undefined)
            return;
        event.preventDefault();
        focusable(button);
        button.focus();
    });
}
export function status(invocation) {
    if (invocation.failure !== null)
        return invocation.status === null ? "failed" : `${invocation.status} failed`;
    if (invocation.state !== "done")
        return invocation.state;
    return invocation.status === null ? "done" : String(invocation.status);
}
function short(invocation) {
    if (invocation.failure === null || invocation.status === null)
        return [status(invocation)];
    return [String(invocation.status), el("span", { class: "unseen" }, " failed")];
}
function tone(invocation) {
    if (invocation.failure !== null || (invocation.status ?? 0) >= 500)
        return "bad";
    if (invocation.state !== "done")
        return "soft";
    return (invocation.status ?? 0) >= 400 ? "odd" : "good";
}
function time(invocation) {
    return invocation.ms === null ? "…" : span(invocation.ms);
}
