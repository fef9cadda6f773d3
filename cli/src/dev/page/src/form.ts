/** The form that sends an event: by hand, from an example, or from an earlier one. */

import type { Detail, Example, Wanted } from "./api.js";
import { Refused, send } from "./api.js";
import { byId, el } from "./dom.js";

const form = (): HTMLFormElement => byId<HTMLFormElement>("form");
let base: number | null = null;
let all: readonly Example[] = [];

function field(name: string): HTMLInputElement & HTMLTextAreaElement & HTMLSelectElement {
  return form().elements.namedItem(name) as HTMLInputElement & HTMLTextAreaElement & HTMLSelectElement;
}

/** Fills in the examples and listens. `sent` is called with the number of what was sent. */
export function listen(examples: readonly Example[], sent: (number: number) => void): void {
  all = examples;
  const options = examples.map(({ name, about }) => el("option", { value: name }, `${name}: ${about}`));
  field("example").replaceChildren(el("option", { value: "" }, "none: an event of your own"), ...options);
  form().addEventListener("change", (event) => {
    const { name } = event.target as HTMLInputElement;
    if (name === "kind") choose();
    if (name === "example") fill();
  });
  form().addEventListener("reset", () => {
    rebase(null);
    complain(null);
    setTimeout(choose);
  });
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(sent);
  });
  form().addEventListener("keydown", (event) => {
    // In a text of several lines, Enter is a line.
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form().requestSubmit();
  });
  choose();
}

function kind(): "http" | "event" {
  return new FormData(form()).get("kind") === "event" ? "event" : "http";
}

function choose(): void {
  byId("form-http").hidden = kind() !== "http";
  byId("form-event").hidden = kind() !== "event";
  if (kind() === "event" && field("event").value === "" && field("example").value === "") {
    field("example").value = all[0]?.name ?? "";
    fill();
  }
}

function fill(): void {
  const example = all.find(({ name }) => name === field("example").value);
  if (example === undefined) return;
  rebase(null);
  field("event").value = example.text;
}

async function submit(sent: (number: number) => void): Promise<void> {
  complain(null);
  try {
    const { number } = await send(wanted());
    sent(number);
  } catch (error) {
    complain(error instanceof Refused ? error.message : "the server does not answer");
  }
}

function wanted(): Wanted {
  if (kind() === "event") return { kind: "event", event: field("event").value, base };
  const lines = field("headers").value.split("\n").map((line) => line.trim());
  return {
    kind: "http",
    method: field("method").value.trim(),
    path: field("path").value.trim(),
    headers: lines.filter((line) => line !== ""),
    body: field("body").value === "" ? null : field("body").value,
    base,
  };
}

function complain(text: string | null): void {
  const place = byId("form-error");
  place.hidden = text === null;
  place.textContent = text;
}

function rebase(number: number | null): void {
  base = number;
  const note = byId("form-base");
  note.hidden = number === null;
  note.textContent =
    number === null ? "" : `From invocation ${number}. Its secrets are sent where their marks («secret 1») stand.`;
}

/** Fills the form with an earlier invocation, to be changed and sent. */
export function edit(detail: Detail): void {
  form().reset();
  const text = detail.event.text ?? "";
  const request = detail.event.cut ? undefined : asRequest(text);
  // After the reset has been carried out.
  setTimeout(() => {
    rebase(detail.number);
    const chosen = request === undefined ? "event" : "http";
    for (const radio of form().querySelectorAll<HTMLInputElement>("input[name=kind]")) {
      radio.checked = radio.value === chosen;
    }
    if (request === undefined) field("event").value = text;
    else {
      field("method").value = request.method;
      field("path").value = request.path;
      field("headers").value = request.headers.join("\n");
      field("body").value = request.body;
    }
    choose();
    field(request === undefined ? "event" : "path").focus();
  });
}

interface FromUrl {
  rawPath?: unknown;
  rawQueryString?: unknown;
  headers?: Record<string, unknown>;
  cookies?: unknown[];
  body?: unknown;
  isBase64Encoded?: unknown;
  requestContext?: { http?: { method?: unknown }; domainName?: unknown };
}

/** Headers that are made anew for each request. */
const OWN = ["content-length", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "connection"];

/** The request that a function URL made this event of; nothing when it is another event, or its body is no text. */
function asRequest(text: string): { method: string; path: string; headers: string[]; body: string } | undefined {
  let event: FromUrl;
  try {
    event = JSON.parse(text) as FromUrl;
  } catch {
    return undefined;
  }
  const method = event.requestContext?.http?.method;
  if (typeof method !== "string" || typeof event.rawPath !== "string" || event.isBase64Encoded === true) return undefined;
  const query = typeof event.rawQueryString === "string" && event.rawQueryString !== "" ? `?${event.rawQueryString}` : "";
  const headers = Object.entries(event.headers ?? {})
    .filter(([name]) => !OWN.includes(name))
    .map(([name, value]) => `${name}: ${String(value)}`);
  if (Array.isArray(event.cookies) && event.cookies.length > 0) headers.push(`cookie: ${event.cookies.join("; ")}`);
  return { method, path: event.rawPath + query, headers, body: typeof event.body === "string" ? event.body : "" };
}
