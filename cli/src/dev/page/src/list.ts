/** The list of invocations, the newest first. */

import type { Invocation } from "./api.js";
import { byId, clock, counted, el, span } from "./dom.js";

const rows = new Map<number, { row: HTMLTableRowElement; button: HTMLButtonElement }>();
let selected: number | undefined;

/** Shows one that is new, or that has changed. `open` is called when somebody chooses it. */
export function show(invocation: Invocation, open: (number: number) => void): void {
  const known = rows.get(invocation.number);
  // Asked before anything moves: an element that is moved loses the focus.
  const hadFocus = known !== undefined && document.activeElement === known.button;
  const button =
    known?.button ??
    el("button", { type: "button", class: "open", tabindex: rows.size === 0 ? "0" : "-1" });
  const again = invocation.again === null ? null : el("small", {}, ` again ${invocation.again}`);
  button.replaceChildren(
    el("b", {}, invocation.method ?? invocation.kind),
    " ",
    el("span", { class: "title" }, invocation.title),
    ...(again === null ? [] : [again]),
  );
  const cells = [
    el("td", { class: `status ${tone(invocation)}` }, ...short(invocation)),
    el("td", { class: "event" }, button),
    el("td", { class: "number", title: clock(invocation.arrived) }, time(invocation)),
    el("td", { class: "id" }, el("code", { title: invocation.requestId }, invocation.requestId.slice(0, 8))),
  ];
  if (known !== undefined) {
    known.row.replaceChildren(...cells);
    if (hadFocus) known.button.focus({ preventScroll: true });
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

/** Forgets those before `oldest`, or all. */
export function forget(oldest: number | null): void {
  for (const [number, { row }] of rows) {
    if (oldest === null || number < oldest) {
      row.remove();
      rows.delete(number);
    }
  }
  if (![...rows.values()].some(({ button }) => button.tabIndex === 0)) {
    const first = byId("rows").querySelector<HTMLButtonElement>("button.open");
    if (first !== null) first.tabIndex = 0;
  }
}

/** Counts them, and says so when there are none. */
export function count(): void {
  byId("nothing").hidden = rows.size > 0;
  byId("list-note").textContent = rows.size === 0 ? "" : counted(rows.size, "invocation");
}

/** Marks the one that is shown. */
export function select(number: number | undefined): void {
  if (selected !== undefined) rows.get(selected)?.button.removeAttribute("aria-current");
  selected = number;
  if (number === undefined) return;
  const chosen = rows.get(number);
  chosen?.button.setAttribute("aria-current", "true");
  if (chosen !== undefined) focusable(chosen.button);
}

/** One button of the list is reached by Tab, the others by the arrow keys. */
function focusable(button: HTMLButtonElement): void {
  for (const { button: other } of rows.values()) other.tabIndex = other === button ? 0 : -1;
}

/** Arrow keys, Home and End move through the list. */
export function listen(): void {
  byId("rows").addEventListener("keydown", (event) => {
    const buttons = [...byId("rows").querySelectorAll<HTMLButtonElement>("button.open")];
    const at = buttons.indexOf(event.target as HTMLButtonElement);
    const to = new Map([
      ["ArrowDown", at + 1],
      ["ArrowUp", at - 1],
      ["Home", 0],
      ["End", buttons.length - 1],
    ]).get(event.key);
    const button = to === undefined ? undefined : buttons[to];
    if (button === undefined) return;
    event.preventDefault();
    focusable(button);
    button.focus();
  });
}

/** What became of it, in a word. */
export function status(invocation: Invocation): string {
  if (invocation.failure !== null) return invocation.status === null ? "failed" : `${invocation.status} failed`;
  if (invocation.state !== "done") return invocation.state;
  return invocation.status === null ? "done" : String(invocation.status);
}

/** The same where there is little room: a failure with a status is told by its colour, and to those who hear. */
function short(invocation: Invocation): (Node | string)[] {
  if (invocation.failure === null || invocation.status === null) return [status(invocation)];
  return [String(invocation.status), el("span", { class: "unseen" }, " failed")];
}

function tone(invocation: Invocation): string {
  if (invocation.failure !== null || (invocation.status ?? 0) >= 500) return "bad";
  if (invocation.state !== "done") return "soft";
  return (invocation.status ?? 0) >= 400 ? "odd" : "good";
}

function time(invocation: Invocation): string {
  return invocation.ms === null ? "…" : span(invocation.ms);
}
