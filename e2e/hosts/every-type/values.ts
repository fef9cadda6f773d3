// Values of every type of `every-type`, chosen at random, and what compares them with what comes back.
import { deepStrictEqual } from "node:assert/strict";
import type { Beside, Either, Event, Every, Everything, Flat, Loose, Mark, Mixed, Planned, Renamed, Shape, Status, Tree, When } from "./types.js";

/** What the values are chosen by: the second argument, else the time. */
export const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
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
const record = <T>(make: () => T, before = ""): Record<string, T> =>
  Object.fromEntries(some(() => [before + text(), make()] as const));
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
const dates = () => record(date, "x");
const loose = (depth: number): Loose =>
  one<() => Loose>([
    () => null,
    bytes,
    date,
    text,
    number,
    () => [status(), date()],
    () => [date(), ...some(date)],
    event,
    beside,
    () => ({ at: date(), branches: depth ? some(() => loose(depth - 1)) : [] }),
    mark,
    shape,
    dates,
    // Without it numbers alone would be bytes, and dates alone dates.
    () => [null, ...(depth ? some(() => loose(depth - 1)) : [])],
  ])();
const when = (): When => (below(2) ? { at: date() } : { every: text() });
const mixed = (): Mixed =>
  one<() => Mixed>([
    () => ({ page: { items: some(date), next: maybe(u64) }, ...mark(), ...record(() => maybe(date), "x") }),
    () => ({ name: text(), ...when() }),
    mark,
  ])();
const planned = (): Planned => ({ id: u64(), ...when() });
const tree = (depth: number): Tree => ({
  value: i64(),
  at: date(),
  branches: depth ? some(() => tree(depth - 1), 3) : [],
});
const flat = (): Flat => ({ name: text(), ...mark(), ["x" + text()]: text() });
const renamed = (): Renamed => ({ "due-at": date(), ключ: text(), type: flag() });
const anything = (depth = 2): unknown =>
  one<() => unknown>([
    () => null,
    flag,
    text,
    () => below(1e9),
    () => -(2n ** 63n),
    ...(depth ? [() => some(() => anything(depth - 1)), () => ({ ["x" + text()]: anything(depth - 1) })] : []),
  ])();
export const everything = (depth: number): Everything => ({
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
  loose: some(() => loose(2)),
  mixed: some(mixed),
  planned: some(planned),
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

/** What all methods that give back what they are given must do, whoever asks them. */
export async function allComeBack(every: Every): Promise<void> {
  await same("everything", () => everything(2), (value) => every.everything(value));
  await same("tree", () => tree(3), (value) => every.tree(value));
  await same("flat", flat, (value) => every.flat(value));
  await same("renamed", renamed, (value) => every.renamed(value));
  await same("bytes", bytes, (value) => every.bytes(value));
  await same("statuses", () => some(status), (value) => every.statuses(value));
  await same("text", text, (value) => every.text(value));
  await same("number", number, (value) => every.number(value));
  await same(
    "big",
    () => [i128(), some(u64)] as [bigint, bigint[]],
    ([first, more]) => every.big(first, more),
  );
}
