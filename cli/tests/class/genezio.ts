/**
 * Completes Genezio's own client of the class `Shop`: dates come as `Date`, and `bigint` travels from Node, too.
 *
 *     import { Shop } from "@genezio-sdk/…";
 *     complete(Shop); // once, before its first call
 *
 * Written by `cargo trap client --sdk genezio`, which writes it again; change the class instead.
 */

/** What a client of Genezio's makes its requests with. */
type Remote = { url: any; deserialize(error: any): any; call(method: any, ...values: any[]): Promise<any> };

/** What is known of a method. */
type Method = { names: readonly string[]; made: (result: any) => unknown };

/** Has the client send and give every type as it says; `fetch` makes its requests from then on. */
export function complete(client: { readonly remote: Remote }): void {
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
}

/** What each method takes, for messages, and what makes its result of what came. */
const methods: Record<string, Method> = {
  plain: { names: ["a", "default_", "c", "d"], made: (result) => result },
  lines: { names: ["id", "lines"], made: (result) => result },
  others: { names: ["other"], made: (result) => result },
  enums: { names: ["status", "single"], made: (result) => [makeEvent(result[0]), makeShape(result[1]), makeBeside(result[2]), result[3]] },
  odd: { names: ["flat", "kebab"], made: (result) => result.map((one: any) => [one[0], one[1], one[2], makeFlat(one[3]), makeKebab(one[4])]) },
  stamp: { names: ["context", "context_"], made: (result) => makeStamp(result) },
  any: { names: [], made: (result) => (result === null ? null : plain(result)) },
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

function makeEvent(value: any): any {
  switch (value["kind"]) {
    case "paid":
      return { ...value, at: new Date(value["at"]) };
  }
  return value;
}

function makeShape(value: any): any {
  switch (Object.keys(value).find((name) => ["Nothing", "Round", "Two", "at-all"].includes(name))) {
    case "Two":
      return { ...value, ["Two"]: [value["Two"][0], new Date(value["Two"][1])] };
    case "at-all":
      return { ...value, ["at-all"]: { ...value["at-all"], a: (value["at-all"]["a"] === null ? null : new Date(value["at-all"]["a"])) } };
  }
  return value;
}

function makeBeside(value: any): any {
  switch (value["t"]) {
    case "One":
      return { ...value, ["c"]: value["c"].map((one: any) => new Date(one)) };
  }
  return value;
}

function makeFlat(value: any): any {
  return { ...value, ...Object.fromEntries(Object.entries(value).map(([name, one]: [string, any]) => [name, ["name", "unitPrice", "note"].includes(name) ? one : new Date(one)])) };
}

function makeKebab(value: any): any {
  return { ...value, ["due-at"]: new Date(value["due-at"]) };
}

function makeStamp(value: any): any {
  return { ...value, at: new Date(value["at"]) };
}
