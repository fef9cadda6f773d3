// Sends values of every type to the class of `every-type`, with the client that was made of it, and compares what comes
// back. The values are chosen at random, by a seed that a failure tells.
//
//   node every-type.js <the program's address> [seed]
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { CallError, Every } from "./client.js";
import type { Beside, Either, Event, Everything, Flat, Mark, Shape, Status, Tree } from "./client.js";

const [url = "", given] = process.argv.slice(2);
const seed = Number(given ?? Date.now() % 1_000_000);
let state = seed >>> 0;

/** A number below `end`; mulberry32. */
function below(end: number): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = state;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) % end;
}
const one = <T>(all: readonly T[]): T => all[below(all.length)] as T;
const some = <T>(make: () => T, most = 4): T[] => Array.from({ length: below(most + 1) }, make);
const maybe = <T>(make: () => T): T | null => (below(2) ? make() : null);

const flag = () => below(2) === 1;
const text = () =>
  some(() => one(["a", "", "\0", '"', "\\", "\n", "é", "\u{1f600}", "\u2028", "𐀀", "\uffff", "$bigint", "__proto__"]), 6).join("");
const number = () =>
  one([0, 1, -1, 0.1, -2.5e-300, 1.7976931348623157e308, 5e-324, Number.MAX_SAFE_INTEGER, 2 ** 53, below(1e9) / 7]);
const integer = () => one([-2147483648, 2147483647, 0, 1, -1, below(1e9)]);
const big = (from: bigint, to: bigint) =>
  one([from, to, 0n, 1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, BigInt(below(1e9)) ** 2n % to]);
const u64 = () => big(0n, 2n ** 64n - 1n);
const i64 = () => big(-(2n ** 63n), 2n ** 63n - 1n);
const i128 = () => big(-(2n ** 127n), 2n ** 127n - 1n);
const date = () => new Date(one([0, 1, -1, 1e12 + below(1e9), -62135596800000, 253402300799999]));
const bytes = (): Uint8Array => Uint8Array.from(some(() => below(256), 40));
const record = <T>(make: () => T): Record<string, T> => Object.fromEntries(some(() => [text(), make()] as const));
const mark = (): Mark => (below(2) ? { label: text() } : { label: text(), note: text() });
const status = (): Status => one<Status>(["not-paid", "paid", "sent"]);
const event = (): Event =>
  one<() => Event>([
    () => ({ kind: "opened" }),
    () => ({ kind: "paidOn", paidAt: date(), amount: u64() }),
    () => ({ kind: "marked", ...mark() }),
  ])();
const shape = (): Shape =>
  one<() => Shape>([
    () => "Nothing",
    () => ({ Round: number() }),
    () => ({ Square: [below(1e9), 4294967295] }),
    () => ({ Data: { bytes: bytes(), at: maybe(date) } }),
  ])();
const beside = (): Beside =>
  one<() => Beside>([() => ({ t: "Empty" }), () => ({ t: "One", c: i64() }), () => ({ t: "Many", c: some(date) })])();
const either = (): Either => one<() => Either>([number, text, mark])();
const tree = (depth: number): Tree => ({
  value: i64(),
  at: date(),
  branches: depth ? some(() => tree(depth - 1), 3) : [],
});
const flat = (): Flat => ({ name: text(), ...mark(), ["x" + text()]: text() });
const anything = (depth = 2): unknown =>
  one<() => unknown>([
    () => null,
    flag,
    text,
    () => below(1e9),
    () => -(2n ** 63n),
    ...(depth ? [() => some(() => anything(depth - 1)), () => ({ ["x" + text()]: anything(depth - 1) })] : []),
  ])();
const everything = (depth: number): Everything => ({
  id: u64(),
  flag: flag(),
  smallNumber: integer(),
  number: number(),
  shortNumber: one([0, 0.5, -1.25, 16777216, 0.1]),
  bigNumber: i64(),
  hugeNumber: i128(),
  letter: one(["a", "\0", "é", "\u{1f600}"]),
  text: text(),
  at: date(),
  bytes: bytes(),
  list: some(() => maybe(text)),
  byName: record(() => some(u64)),
  byNumber: Object.fromEntries(some(() => [String(below(1e9)), date()] as const)),
  pair: [text(), i64(), maybe(flag)],
  nothing: null,
  maybe: depth ? maybe(() => everything(depth - 1)) : null,
  status: status(),
  events: some(event),
  shapes: some(shape),
  beside: some(beside),
  either: some(either),
  page: { items: some(mark), next: maybe(u64) },
  numbers: { items: bytes(), next: maybe(u64) },
  elsewhere: { height: number() },
  anything: anything(),
});

/** A value must come back as it went: JSON has but one zero. */
async function same<T>(what: string, values: () => T, call: (value: T) => Promise<T>): Promise<void> {
  for (let round = 0; round < 40; round++) {
    const value = values();
    deepStrictEqual(await call(value), value, what);
  }
}

const every = new Every(url, { headers: () => ({ "x-own": "mine" }) });
try {
  await same("everything", () => everything(2), (value) => every.everything(value));
  await same("tree", () => tree(3), (value) => every.tree(value));
  await same("flat", flat, (value) => every.flat(value));
  await same("renamed", () => ({ "due-at": date(), ключ: text(), type: flag() }), (value) => every.renamed(value));
  await same("bytes", bytes, (value) => every.bytes(value));
  await same("statuses", () => some(status), (value) => every.statuses(value));
  await same("text", text, (value) => every.text(value));
  await same("number", number, (value) => every.number(value));
  await same(
    "big",
    () => [i128(), some(u64)] as [bigint, bigint[]],
    ([first, more]) => every.big(first, more),
  );

  deepStrictEqual(await every.optional(1), 1);
  deepStrictEqual(await every.optional(1, null), 1);
  deepStrictEqual(await every.optional(1, "", 2n), 3);
  deepStrictEqual(await every.nothing(), undefined);
  deepStrictEqual(await every.who("me"), ["me", null, "mine"]);

  const refused = (call: Promise<unknown>, message: string, code?: number, info?: unknown) =>
    rejects(call, (error) => {
      ok(error instanceof CallError, String(error));
      deepStrictEqual([error.message, error.status, error.code, error.info], [message, 400, code, info]);
      return true;
    });
  await refused(every.nan(), "`result[1]` of `Every.nan`: it is NaN, which JSON has no form for");
  await refused(every.fails(7n), "as it was told to", 7, "more");
  await refused(every.panics(), "`panics` panicked; its log says why");
  const large = "`first` of `Every.optional`: invalid value: integer `256`, expected u8";
  await refused(every.optional(256), large, -32602);
  for (const [place, value] of [["list[1]", [1, NaN]], ["anything.a", { a: Infinity }]] as const) {
    const wrong = place === "list[1]" ? { list: value } : { anything: value };
    const call = every.everything({ ...everything(0), ...wrong } as Everything);
    await rejects(call, { name: "TypeError", message: new RegExp(`^\`everything\\.${place.replace(/[[\]]/g, "\\$&")}\` is `) });
  }
  await rejects(every.text("\ud800"), TypeError);
  await rejects(every.tree({ value: 1n, at: new Date(NaN), branches: [] }), /`tree.at` is an invalid date/);

  const hook = await every.hook({ method: "PUT", body: "ü" }, "/more?x=1");
  deepStrictEqual([hook.status, await hook.text()], [200, "PUT /Every/hook/more?x=1 ü"]);
  await rejects(new Every(url, { fetch: async () => new Response("<p>", { status: 502 }) }).nothing(), (error) => {
    ok(error instanceof CallError);
    deepStrictEqual([error.status, error.message], [502, "`Every.nothing` was answered 502 and no result: <p>"]);
    return true;
  });
  console.log("every type came back");
} catch (error) {
  console.error(`seed ${seed}`);
  throw error;
}
