/** What the server says, and how it is asked. */

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface Parts {
  readonly total: number;
  readonly cargo: number | null;
  readonly node: number | null;
  readonly ours: number;
}

export interface Build {
  readonly stage: "compiling" | "starting" | "ready" | "failed";
  readonly changed: string | null;
  readonly serving: { readonly number: number; readonly size: number; readonly parts: Parts } | null;
  readonly said: string | null;
  readonly failure: Failure | null;
}

export interface Invocation {
  readonly number: number;
  readonly requestId: string;
  readonly kind: string;
  readonly method: string | null;
  readonly title: string;
  readonly arrived: number;
  readonly state: "waiting" | "running" | "done";
  readonly status: number | null;
  readonly failure: Failure | null;
  readonly ms: number | null;
  readonly waitedMs: number | null;
  readonly startMs: number | null;
  readonly programMs: number | null;
  readonly container: number | null;
  readonly version: number | null;
  readonly lines: number;
  readonly again: number | null;
}

/** Text that can be shown; what is no text is base64. */
export interface Shown {
  readonly text?: string;
  readonly base64?: string;
  readonly json?: boolean;
  readonly cut: boolean;
  readonly bytes: number;
  readonly hidden: number;
}

/** When, which stream, what. */
export type Line = readonly [number, "stdout" | "stderr", string];

export interface Log {
  readonly head: readonly Line[];
  readonly leftOut: number;
  readonly tail: readonly Line[];
}

export interface Answer {
  readonly raw: Shown;
  readonly status?: number;
  readonly reason?: string | null;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: Shown;
}

export interface Detail extends Invocation {
  readonly event: Shown;
  readonly answer: Answer | null;
  readonly log: Log;
}

export interface Container {
  readonly number: number;
  readonly version: number;
  readonly stand: "starting" | "idle" | "busy" | "ended";
  readonly why: string | null;
  readonly pid: number | null;
  readonly started: number | null;
  readonly takeover: "exec" | "spawn" | "bridge" | "none" | null;
  readonly phases: readonly (readonly [string, number])[];
  readonly memory: number | null;
  readonly memoryPeak: number | null;
  readonly answers: number;
  readonly lines: number;
}

export interface ContainerDetail extends Container {
  readonly log: Log;
}

export interface Update {
  readonly full: boolean;
  readonly instance?: string;
  readonly now: number;
  readonly oldest: number | null;
  readonly build?: Build;
  readonly invocations: readonly Invocation[];
  readonly containers: readonly Container[];
  readonly known: readonly number[];
}

export interface About {
  readonly name: string;
  readonly host: string;
  readonly version: string;
}

export interface Example {
  readonly name: string;
  readonly about: string;
  readonly text: string;
}

export type Wanted =
  | {
      readonly kind: "http";
      readonly method: string;
      readonly path: string;
      readonly headers: readonly string[];
      readonly body: string | null;
      readonly base: number | null;
    }
  | { readonly kind: "event"; readonly event: string; readonly base: number | null };

const BASE = "/__trap/api";

/** What the server refused, in its words. */
export class Refused extends Error {}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`${BASE}${path}`, init);
  const answer: unknown = await response.json();
  if (response.ok) return answer as T;
  const { message, hint } = answer as { message?: string; hint?: string | null };
  throw new Refused([message ?? `the server answered ${response.status}`, hint].filter(Boolean).join("; "));
}

function post<T>(path: string, body: unknown): Promise<T> {
  return ask(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export const about = (): Promise<About> => ask("/about");
export const examples = (): Promise<readonly Example[]> => ask("/examples");
export const environment = (reveal: boolean): Promise<readonly (readonly [string, string])[]> =>
  ask(`/environment${reveal ? "?reveal" : ""}`);
export const invocation = (number: number, reveal: boolean): Promise<Detail> =>
  ask(`/invocations/${number}${reveal ? "?reveal" : ""}`);
export const container = (number: number): Promise<ContainerDetail> => ask(`/containers/${number}`);
export const again = (number: number): Promise<{ number: number }> => post(`/invocations/${number}/again`, {});
export const send = (wanted: Wanted): Promise<{ number: number }> => post("/send", wanted);

/** Where an event or an answer can be had as a file. */
export const file = (number: number, what: "event" | "answer"): string => `${BASE}/invocations/${number}/${what}`;

/** Calls `update` with everything that is known, then with what is new; `lost` when the server is gone. */
export function live(update: (update: Update) => void, lost: () => void): void {
  const source = new EventSource(`${BASE}/live`);
  source.onmessage = (message: MessageEvent<string>) => update(JSON.parse(message.data) as Update);
  source.onerror = () => {
    lost();
    // A browser gives up for good when the port is closed for a moment.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => live(update, lost), 1000);
  };
}
