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
