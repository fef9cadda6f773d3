/** Puts the page together: what the server says goes to the parts that show it. */

import { say } from "./announce.js";
import * as api from "./api.js";
import * as build from "./build.js";
import * as containers from "./containers.js";
import * as detail from "./detail.js";
import { byId, el, span } from "./dom.js";
import * as form from "./form.js";
import * as list from "./list.js";

const TABS = ["detail", "send", "containers", "environment"] as const;
type Tab = (typeof TABS)[number];

/** An invocation that changes all the time is asked for no more often than this. */
const BEAT_MS = 250;

const known = new Map<number, api.Invocation>();
let instance: string | undefined;
let name = "cargo trap";
let selected: number | undefined;
let isRevealed = false;
let isAsking = false;
let isStale = false;
let current: Tab = "send";

function take(update: api.Update): void {
  if (update.full && instance !== update.instance) {
    // Another server counts from one again.
    if (instance !== undefined) choose(undefined);
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
    if (invocation.number === selected) void refresh();
  }
  for (const number of known.keys()) if (update.oldest === null || number < update.oldest) known.delete(number);
  list.forget(update.oldest);
  list.count();
  list.select(selected);
  containers.take(update.containers, update.known);
  if (current === "containers") containers.draw();
  if (update.build !== undefined) build.show(update.build, name);
}

/** Shows an invocation. */
function open(number: number): void {
  if (number !== selected) isRevealed = false;
  choose(number);
  show("detail");
  void refresh();
  // Where there is no room beside the list, what was chosen is below it.
  if (matchMedia("(max-width: 62rem)").matches) byId("panel").scrollIntoView();
}

function choose(number: number | undefined): void {
  selected = number;
  list.select(number);
  if (number === undefined) detail.forgotten();
}

async function refresh(): Promise<void> {
  if (isAsking) {
    isStale = true;
    return;
  }
  isAsking = true;
  const number = selected;
  try {
    if (number !== undefined) {
      const seen = await api.invocation(number, isRevealed);
      if (number === selected) detail.show(seen, isRevealed, actions);
    }
  } catch {
    if (number === selected) detail.forgotten();
  }
  setTimeout(() => {
    isAsking = false;
    if (isStale) {
      isStale = false;
      void refresh();
    }
  }, number === selected ? BEAT_MS : 0);
}

const actions: detail.Actions = {
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

/** Something was sent: it is what people want to see. */
function sent(number: number): void {
  open(number);
  byId("tab-detail").focus();
}

function show(tab: Tab): void {
  current = tab;
  for (const other of TABS) {
    const button = byId(`tab-${other}`);
    button.setAttribute("aria-selected", String(other === tab));
    button.tabIndex = other === tab ? 0 : -1;
    byId(other).hidden = other !== tab;
  }
  if (tab === "containers") containers.draw();
  if (tab === "environment") void variables(false);
}

async function variables(reveal: boolean): Promise<void> {
  const all = await api.environment(reveal);
  const button = byId("reveal-environment");
  button.setAttribute("aria-pressed", String(reveal));
  const rows = all.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value)));
  byId("variables").replaceChildren(...rows);
}

function listen(): void {
  for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => show(tab));
  byId("tab-detail").parentElement?.addEventListener("keydown", (event) => {
    const at = TABS.indexOf(current);
    const to = new Map([
      ["ArrowRight", (at + 1) % TABS.length],
      ["ArrowLeft", (at + TABS.length - 1) % TABS.length],
      ["Home", 0],
      ["End", TABS.length - 1],
    ]).get(event.key);
    const tab = to === undefined ? undefined : TABS[to];
    if (tab === undefined) return;
    event.preventDefault();
    show(tab);
    byId(`tab-${tab}`).focus();
  });
  byId("reveal-environment").addEventListener("click", (event) => {
    const isShown = (event.currentTarget as HTMLElement).getAttribute("aria-pressed") === "true";
    void variables(!isShown);
  });
  list.listen();
}

async function begin(): Promise<void> {
  listen();
  const [about, examples] = await Promise.all([api.about(), api.examples()]);
  name = about.name;
  byId("name").textContent = about.name;
  byId("about").textContent = `${location.origin}, ${about.host}, cargo trap ${about.version}`;
  form.listen(examples, sent);
  api.live(take, build.lose);
}

void begin();
