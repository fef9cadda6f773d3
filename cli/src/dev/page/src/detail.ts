/** One invocation: what came, what was answered, what was said meanwhile. */

import type { Answer, Detail, Line, Log, Shown } from "./api.js";
import { file } from "./api.js";
import { byId, clock, counted, el, size, span } from "./dom.js";
import { status } from "./list.js";

export interface Actions {
  readonly again: (number: number) => void;
  readonly edit: (detail: Detail) => void;
  readonly reveal: (isRevealed: boolean) => void;
  readonly container: (number: number) => void;
}

let shown: number | undefined;

/** Shows it. What was unfolded, scrolled or focused stays so while the same one changes. */
export function show(detail: Detail, isRevealed: boolean, actions: Actions): void {
  const panel = byId("detail");
  const isSame = shown === detail.number;
  shown = detail.number;
  const focused = isSame && panel.contains(document.activeElement) ? document.activeElement?.id : undefined;
  const scrolled = new Map([...panel.querySelectorAll("pre")].map((pre) => [pre.id, pre.scrollTop]));
  const unfolded = [...panel.querySelectorAll("details[open]")].map(({ id }) => id);
  panel.replaceChildren(...content(detail, isRevealed, actions));
  if (!isSame) return;
  for (const details of panel.querySelectorAll("details")) details.open = unfolded.includes(details.id);
  for (const pre of panel.querySelectorAll("pre")) pre.scrollTop = scrolled.get(pre.id) ?? 0;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Shows that it is not known any more. */
export function forgotten(): void {
  shown = undefined;
  byId("detail").replaceChildren(el("p", { class: "empty" }, "This invocation is not known any more."));
}

function content(detail: Detail, isRevealed: boolean, actions: Actions): Node[] {
  const { failure } = detail;
  const hidden = detail.event.hidden + (detail.answer?.raw.hidden ?? 0);
  const parts: (Node | null)[] = [
    el("h2", {}, `${detail.method ?? detail.kind} ${detail.title}`),
    el("p", { class: "outcome" }, outcome(detail)),
    failure === null
      ? null
      : el("p", { class: "warning" }, failure.message, failure.hint === null ? null : el("span", { class: "hint" }, failure.hint)),
    buttons(detail, isRevealed, hidden, actions),
    facts(detail, actions),
    logged("Log", "log", detail.log, detail.arrived),
    detail.answer === null ? null : answered(detail, detail.answer),
    el("h3", {}, "Event"),
    text("event", "Event", detail.event),
  ];
  return parts.filter((part) => part !== null);
}

function outcome(detail: Detail): string {
  const reason = detail.answer?.reason;
  const said = `${status(detail)}${reason ? ` ${reason}` : ""}`;
  return detail.ms === null ? said : `${said}, ${span(detail.ms)}`;
}

function buttons(detail: Detail, isRevealed: boolean, hidden: number, actions: Actions): HTMLElement {
  const again = el("button", { type: "button", id: "detail-again" }, "Replay");
  again.addEventListener("click", () => actions.again(detail.number));
  const edit = el("button", { type: "button", id: "detail-edit" }, "Edit and send");
  edit.addEventListener("click", () => actions.edit(detail));
  const reveal = el(
    "button",
    { type: "button", id: "detail-reveal", "aria-pressed": String(isRevealed), disabled: hidden === 0 },
    hidden === 0 ? "No secrets" : `Show ${counted(hidden, "secret")}`,
  );
  reveal.addEventListener("click", () => actions.reveal(!isRevealed));
  const save = (what: "event" | "answer") =>
    el("a", { href: file(detail.number, what), download: true, id: `detail-${what}-file` }, `${what} as a file`);
  return el("div", { class: "buttons" }, again, edit, reveal, save("event"), detail.answer === null ? null : save("answer"));
}

function facts(detail: Detail, actions: Actions): HTMLElement {
  const rows: (readonly [string, Node | string])[] = [
    ["Request id", el("code", {}, detail.requestId)],
    ["Arrived", clock(detail.arrived)],
  ];
  if (detail.container !== null) {
    const { container } = detail;
    const link = el("button", { type: "button", class: "link", id: "detail-container" }, `container ${container}`);
    link.addEventListener("click", () => actions.container(container));
    rows.push(["Taken by", el("span", {}, link, ` of version ${detail.version ?? "?"}`)]);
  }
  const times = [
    detail.waitedMs === null ? null : `waited ${span(detail.waitedMs)} for it`,
    detail.startMs === null ? null : `${span(detail.startMs)} until the program had the event`,
    detail.programMs === null ? null : `${span(detail.programMs)} until its answer`,
  ].filter((time) => time !== null);
  if (times.length > 0) rows.push(["Time", times.join(", ")]);
  if (detail.again !== null) rows.push(["Repeats", `invocation ${detail.again}`]);
  return el("dl", { class: "facts" }, ...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function answered(detail: Detail, answer: Answer): HTMLElement {
  const section = el("div", {}, el("h3", {}, "Answer"));
  const { headers, body } = answer;
  if (headers !== undefined && headers.length > 0) {
    const rows = headers.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)));
    section.append(
      el("table", { class: "pairs" }, el("caption", { class: "unseen" }, "Headers of the answer"), el("tbody", {}, ...rows)),
    );
  }
  if (body !== undefined) section.append(text("body", "Body of the answer", pretty(body, headers)));
  const raw = text("raw", "The answer as the program gave it", answer.raw);
  if (detail.method === null || body === undefined) section.append(raw);
  else section.append(el("details", { id: "detail-raw" }, el("summary", { id: "detail-raw-summary" }, "As the program gave it"), raw));
  return section;
}

/** A body of JSON, as a person reads it. */
function pretty(body: Shown, headers: Answer["headers"]): Shown {
  const kind = headers?.find(([name]) => name === "content-type")?.[1] ?? "";
  if (!kind.includes("json") || body.text === undefined || body.cut) return body;
  try {
    return { ...body, text: JSON.stringify(JSON.parse(body.text), undefined, 2) };
  } catch {
    return body;
  }
}

function text(id: string, label: string, shown: Shown): HTMLElement {
  if (shown.bytes === 0) return el("p", { class: "empty" }, "Nothing.");
  if (shown.text === undefined) {
    return el("p", { class: "empty" }, `${size(shown.bytes)} that are no text.`);
  }
  const pre = el("pre", { id: `pre-${id}`, tabindex: "0", role: "region", "aria-label": label }, shown.text);
  if (!shown.cut) return pre;
  return el("div", {}, pre, el("p", { class: "note" }, `Cut here: it has ${size(shown.bytes)}. The file has all of it.`));
}

/** Log lines under a heading; times count from `since`. */
export function logged(title: string, id: string, log: Log, since: number): HTMLElement | null {
  const count = log.head.length + log.tail.length + log.leftOut;
  const heading = el("h3", {}, `${title} `, el("small", {}, count === 0 ? "" : counted(count, "line")));
  if (count === 0) return el("div", {}, heading, el("p", { class: "empty" }, "Nothing was written."));
  const row = ([at, stream, line]: Line) =>
    el("span", { class: `logline ${stream}` },
      el("span", { class: "at" }, `${(at - since).toFixed(0).padStart(6)} ms `),
      el("span", { class: "stream" }, `${stream} `),
      `${line}\n`);
  const pre = el("pre", { id: `pre-${id}`, class: "log", tabindex: "0", role: "region", "aria-label": title });
  pre.append(...log.head.map(row));
  if (log.leftOut > 0) pre.append(el("span", { class: "gap" }, `… ${counted(log.leftOut, "line")} left out …\n`));
  pre.append(...log.tail.map(row));
  return el("div", {}, heading, pre);
}
