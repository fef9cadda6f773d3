/**
 * Completes Genezio's own client of the class `Shop`: every type as it is in Rust, from Node, too.
 *
 *     import { Shop } from "@genezio-sdk/…";
 *     const client = complete(Shop);
 *
 * Written by `cargo trap client --sdk genezio`, which writes it again; change the class instead.
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
export type Shop = {
  /** Takes what is plain. */
  plain(a: string, default_: [number, boolean | null], c?: unknown, d?: Date | null): Promise<void>;
  lines(id: CustomerId, lines: Array<Line | null>): Promise<PageLine | null>;
  others(other: Line2): Promise<{ [key: string]: PageBigint[] }>;
  enums(status: Status, single: Single): Promise<[Event, Shape, Beside, Either]>;
  odd(flat: Flat, kebab: Kebab): Promise<Array<[DateType, Empty, Unit, Flat, Kebab]>>;
  stamp(context_: number): Promise<Stamp>;
  any(): Promise<unknown>;
  loose(): Promise<Loose>;
};

/**
 * A client of Genezio's under the types that the class has in Rust: ask through what is returned. `fetch` makes its
 * requests from then on, and what they bring is no longer what the client's own types say.
 */
export function complete(client: {
  readonly remote: { url: any; deserialize(error: any): any; call(method: any, ...values: any[]): Promise<any> };
}): Shop {
  const { remote } = client;
  remote.call = async (method: string, ...values: unknown[]): Promise<any> => {
    // The class may have another name in Genezio's hands.
    const known = methods[method.slice(method.indexOf(".") + 1)];
    const params = values.map((value, index) => sent(value, known?.names[index] ?? "argument"));
    const body = JSON.stringify({ jsonrpc: "2.0", method, params, id: 1 });
    const headers = { "content-type": "application/json" };
    const response = await fetch(remote.url, { method: "POST", headers, body });
    const text = await response.text();
    let reply: any;
    try {
      reply = JSON.parse(text, received);
    } catch {
      // Said below.
    }
    if (reply?.error) throw remote.deserialize(reply.error);
    if (reply?.jsonrpc !== "2.0" || !("result" in reply)) {
      const start = text.length > 200 ? text.slice(0, 200) + "…" : text;
      throw new Error(`\`${method}\` was answered ${response.status} and no result: ${start}`);
    }
    return known ? known.made(reply.result) : reply.result;
  };
  return client as unknown as Shop;
}

/** What each method takes, for messages, and what makes its result of what came. */
const methods: Record<string, { names: readonly string[]; made: (result: any) => unknown }> = {
  plain: { names: ["a", "default_", "c", "d"], made: (result) => result },
  lines: { names: ["id", "lines"], made: (result) => result },
  others: { names: ["other"], made: (result) => result },
  enums: { names: ["status", "single"], made: (result) => [makeEvent(result[0]), makeShape(result[1]), makeBeside(result[2]), result[3]] },
  odd: { names: ["flat", "kebab"], made: (result) => result.map((one: any) => [one[0], one[1], one[2], makeFlat(one[3]), makeKebab(one[4])]) },
  stamp: { names: ["context", "context_"], made: (result) => makeStamp(result) },
  any: { names: [], made: (result) => (result === null ? null : plain(result)) },
  loose: { names: [], made: (result) => makeLoose(result) },
};

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
