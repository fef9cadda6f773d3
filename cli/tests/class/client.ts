/**
 * A client of the class `Shop`, which a Rust program holds: `new Shop(url)`, with the address of the program.
 *
 * Written by `cargo trap client`, which writes it again; change the class instead.
 */

export type CustomerId = bigint;

/**
 * One line. *\/
 * More.
 */
export type Line = {
  /** In "cents". */
  unitPrice: bigint;
  note?: string | null;
};

export type PageLine = {
  items: Line[];
  next: PageLine | null;
};

export type Line2 = {
  x: number;
};

export type PageBigint = {
  items: bigint[];
  next: PageBigint | null;
};

export type Status =
  /** Waits. */
  | "not-paid"
  | "paid";

export type Single = "only";

export type Event =
  | { kind: "opened" }
  | { kind: "paid"; at: Date }
  | { kind: "marked"; unitPrice: bigint; note?: string | null };

export type Shape =
  | "Nothing"
  | { Round: number }
  | { Two: [number, Date] }
  | { "at-all": { a: Date | null } };

export type Beside =
  | { t: "Empty" }
  | { t: "One"; c: Date[] };

export type Either =
  | number
  | Line
  | null;

export type Flat = {
  name: string;
  /** In "cents". */
  unitPrice: bigint;
  note?: string | null;
  [key: string]: Date | string | bigint | null | undefined;
};

export type Kebab = {
  "due-at": Date;
};

export type DateType = [number, string];

export type Empty = Record<string, never>;

export type Unit = null;

export type Stamp = {
  at: Date;
  data: Uint8Array;
};

export type Loose =
  | null
  | Uint8Array
  | [string, Date]
  | string
  | { again: Loose[]; note?: bigint | null }
  | { id: number; [key: string]: boolean | number } & Partial<When>
  | Planned
  | Kind
  | { [key: string]: Date };

export type When =
  | { at: Date }
  | { every: string };

export type Planned = { id: string } & When;

export type Kind =
  | { kind: "a" }
  | { kind: "b"; at: Date };

/**
 * A shop.
 *
 * It sells.
 */
export class Shop {
  readonly #caller: Caller;

  /** Asks the program at this address. */
  constructor(url: string | URL, options: ClientOptions = {}) {
    this.#caller = new Caller(url, options);
  }

  /** Takes what is plain. */
  async plain(a: string, default_: [number, boolean | null], c?: unknown, d?: Date | null): Promise<void> {
    await this.#caller.call("Shop.plain", ["a", "default_", "c", "d"], [a, default_, c, d]);
  }

  async lines(id: CustomerId, lines: Array<Line | null>): Promise<PageLine | null> {
    return await this.#caller.call("Shop.lines", ["id", "lines"], [id, lines]);
  }

  async others(other: Line2): Promise<{ [key: string]: PageBigint[] }> {
    return await this.#caller.call("Shop.others", ["other"], [other]);
  }

  async enums(status: Status, single: Single): Promise<[Event, Shape, Beside, Either]> {
    const result = await this.#caller.call("Shop.enums", ["status", "single"], [status, single]);
    return [makeEvent(result[0]), makeShape(result[1]), makeBeside(result[2]), result[3]];
  }

  async odd(flat: Flat, kebab: Kebab): Promise<Array<[DateType, Empty, Unit, Flat, Kebab]>> {
    const result = await this.#caller.call("Shop.odd", ["flat", "kebab"], [flat, kebab]);
    return result.map((one: any) => [one[0], one[1], one[2], makeFlat(one[3]), makeKebab(one[4])]);
  }

  async stamp(context_: number): Promise<Stamp> {
    const result = await this.#caller.call("Shop.stamp", ["context_"], [context_]);
    return makeStamp(result);
  }

  async any(): Promise<unknown> {
    const result = await this.#caller.call("Shop.any", [], []);
    return (result === null ? null : plain(result));
  }

  async loose(): Promise<Loose> {
    const result = await this.#caller.call("Shop.loose", [], []);
    return makeLoose(result);
  }

  /**
   * Of the bank.
   *
   * Asks for its address; `rest` is what follows that: a path, a query.
   */
  hook(init: RequestInit = {}, rest = ""): Promise<Response> {
    return this.#caller.fetch(this.#caller.below(`/Shop/hook${rest}`), init);
  }
}

/** How a client asks. */
export type ClientOptions = {
  /** Headers of every request, for example `authorization`; a function is asked each time. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** What is called in place of the global `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
};

/** A call that the program, or what stands before it, answered with an error. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** The status of the answer. */
  readonly status: number;
  /** The method's own code; -32602 where an argument does not fit, -1 where there is no such method. */
  readonly code: number | undefined;
  /** What the method says beside its message. */
  readonly info: unknown;

  constructor(message: string, status: number, code?: number, info?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.info = info;
  }
}

/** What all methods share: one request in JSON-RPC below the address, and its answer. */
class Caller {
  readonly #url: string;
  readonly #options: ClientOptions;

  constructor(url: string | URL, options: ClientOptions) {
    this.#url = String(url);
    this.#options = options;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const { headers: own = {}, fetch: ask = fetch } = this.#options;
    const headers = new Headers(typeof own === "function" ? await own() : own);
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    return ask(url, { ...init, headers });
  }

  /** The address of something below the one of the client. */
  below(path: string): string {
    const url = new URL(this.#url);
    const [, before = "", query = ""] = /^([^?#]*)(.*)$/s.exec(path) ?? [];
    url.pathname = url.pathname.replace(/\/+$/, "") + before;
    url.search = query;
    return String(url);
  }

  async call(method: string, names: readonly string[], values: readonly unknown[]): Promise<any> {
    const params = values.map((value, index) => sent(value, names[index] ?? "argument"));
    const body = JSON.stringify({ jsonrpc: "2.0", method, params, id: 1 });
    const headers = { "content-type": "application/json" };
    const [name = ""] = method.split(".");
    const response = await this.fetch(this.below(`/${name}`), { method: "POST", headers, body });
    const text = await response.text();
    let reply: any;
    try {
      reply = JSON.parse(text, received);
    } catch {
      // Said below.
    }
    if (typeof reply?.error?.message === "string") {
      const { message, code, info } = reply.error;
      throw new CallError(message, response.status, code, info);
    }
    if (reply?.jsonrpc !== "2.0" || !("result" in reply)) {
      const start = text.length > 200 ? text.slice(0, 200) + "…" : text;
      throw new CallError(`\`${method}\` was answered ${response.status} and no result: ${start}`, response.status);
    }
    return reply.result;
  }
}

/** A value as it travels; what JSON has no form for is told by its place. */
function sent(value: unknown, place: string): unknown {
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`\`${place}\` is ${value}, which JSON has no form for`);
  }
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) {
    throw new TypeError(`\`${place}\` has half of a surrogate pair in it, which no text in Rust has`);
  }
  if (typeof value === "undefined") return null;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new TypeError(`\`${place}\` is an invalid date`);
    return value.toISOString();
  }
  if (value instanceof Uint8Array) return Array.from(value);
  if (Array.isArray(value)) return value.map((one, index) => sent(one, `${place}[${index}]`));
  const fields = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(fields.map(([name, one]) => [name, sent(one, `${place}.${name}`)]));
}

/** Numbers that a `number` would round travel as text. */
function received(_: string, value: any): unknown {
  return typeof value?.$bigint === "string" && Object.keys(value).length === 1 ? BigInt(value.$bigint) : value;
}

/** Whole numbers in a value of any type: `bigint` only where a `number` would round. */
function plain(value: any): unknown {
  if (typeof value === "bigint") return BigInt(Number.MAX_SAFE_INTEGER) < (value < 0n ? -value : value) ? value : Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function makeEvent(value: any): Event {
  switch (value["kind"]) {
    case "paid":
      return { ...value, at: new Date(value["at"]) };
  }
  return value;
}

function makeShape(value: any): Shape {
  switch (Object.keys(value).find((name) => ["Nothing", "Round", "Two", "at-all"].includes(name))) {
    case "Two":
      return { ...value, ["Two"]: [value["Two"][0], new Date(value["Two"][1])] };
    case "at-all":
      return { ...value, ["at-all"]: { ...value["at-all"], a: (value["at-all"]["a"] === null ? null : new Date(value["at-all"]["a"])) } };
  }
  return value;
}

function makeBeside(value: any): Beside {
  switch (value["t"]) {
    case "One":
      return { ...value, ["c"]: value["c"].map((one: any) => new Date(one)) };
  }
  return value;
}

function makeFlat(value: any): Flat {
  return { ...value, ...Object.fromEntries(Object.entries(value).map(([name, one]: [string, any]) => [name, ["name", "unitPrice", "note"].includes(name) ? one : new Date(one)])) };
}

function makeKebab(value: any): Kebab {
  return { ...value, ["due-at"]: new Date(value["due-at"]) };
}

function makeStamp(value: any): Stamp {
  return { ...value, at: new Date(value["at"]), data: Uint8Array.from(value["data"]) };
}

function makeLoose(value: any): Loose {
  if (value === null) return value;
  if (Array.isArray(value) && value.every((one: any) => isByte(one))) return Uint8Array.from(value);
  if (Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && isDate(value[1])) return [value[0], new Date(value[1])];
  if (typeof value === "string") return value;
  if (isObject(value) && Array.isArray(value["again"]) && value["again"].every((one: any) => fitsLoose(one)) && (value["note"] === undefined || (value["note"] === null || typeof value["note"] === "bigint")) && hasOnly(value, ["again", "note"])) return { ...value, again: value["again"].map((one: any) => makeLoose(one)) };
  if (isObject(value) && typeof value["id"] === "number") return { ...value, ...makeWhen(without(value, ["id"])) };
  if (fitsPlanned(value)) return makePlanned(value);
  if (fitsKind(value)) return makeKind(value);
  if (isObject(value) && Object.values(value).every((one: any) => isDate(one))) return Object.fromEntries(Object.entries(value).map(([name, one]: [string, any]) => [name, new Date(one)]));
  return value;
}

function makeWhen(value: any): When {
  if (isObject(value) && isDate(value["at"]) && hasOnly(value, ["at"])) return { ...value, at: new Date(value["at"]) };
  return value;
}

function makePlanned(value: any): Planned {
  return { ...value, ...makeWhen(without(value, ["id"])) };
}

function makeKind(value: any): Kind {
  switch (value["kind"]) {
    case "b":
      return { ...value, at: new Date(value["at"]) };
  }
  return value;
}

function isObject(value: any): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function hasOnly(value: any, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}

function without(value: any, names: readonly string[]): any {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

function isByte(value: any): boolean {
  return Number.isInteger(value) && value >= 0 && value < 256;
}

/** A text that is a date, as the program writes one. */
function isDate(value: any): boolean {
  const form = /^[+-]?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  return typeof value === "string" && form.test(value) && !Number.isNaN(Date.parse(value));
}

function fitsLoose(value: any): boolean {
  return value === null
    || (Array.isArray(value) && value.every((one: any) => isByte(one)))
    || (Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && isDate(value[1]))
    || typeof value === "string"
    || (isObject(value) && Array.isArray(value["again"]) && value["again"].every((one: any) => fitsLoose(one)) && (value["note"] === undefined || (value["note"] === null || typeof value["note"] === "bigint")) && hasOnly(value, ["again", "note"]))
    || (isObject(value) && typeof value["id"] === "number")
    || fitsPlanned(value)
    || fitsKind(value)
    || (isObject(value) && Object.values(value).every((one: any) => isDate(one)));
}

function fitsPlanned(value: any): boolean {
  return isObject(value) && typeof value["id"] === "string" && fitsWhen(without(value, ["id"]));
}

function fitsWhen(value: any): boolean {
  return (isObject(value) && isDate(value["at"]) && hasOnly(value, ["at"]))
    || (isObject(value) && typeof value["every"] === "string" && hasOnly(value, ["every"]));
}

function fitsKind(value: any): boolean {
  return (isObject(value) && value["kind"] === "a" && hasOnly(value, ["kind"]))
    || (isObject(value) && value["kind"] === "b" && isDate(value["at"]) && hasOnly(value, ["kind", "at"]));
}
