// Calls the class of `every-type` through the SDK that Genezio's own command line made of the class in TypeScript, as it is.
//
//   node --conditions=browser alone.js <the address of the class>
import { deepStrictEqual, rejects } from "node:assert/strict";
import { Every, StorageManager } from "@genezio-sdk/every-type";
import type { Beside, Either, Event, Everything, Mark, Shape, Status } from "@genezio-sdk/every-type";

const at = new Date("2026-01-02T03:04:05.678Z");
const event: Event = { kind: "paidOn", paidAt: at, amount: 2n ** 64n - 1n };
const shapes: Shape[] = ["Nothing", { Round: 0.5 }, { Square: [1, 2] }, { Data: { bytes: [0, 255], at: null } }];
const beside: Beside[] = [{ t: "Empty" }, { t: "One", c: -(2n ** 63n) }, { t: "Many", c: [at] }];
const mark: Mark = { label: "\u{1f600}\0" };
const either: Either[] = [1.5, "", mark];
const status: Status = "not-paid";
const everything: Everything = {
  id: 2n ** 53n + 1n,
  flag: true,
  smallNumber: -2147483648,
  number: 5e-324,
  shortNumber: 0.1,
  bigNumber: -1n,
  hugeNumber: -(2n ** 127n),
  letter: "é",
  text: "",
  at,
  bytes: [],
  list: [null, "a"],
  byName: { "": [1n] },
  byNumber: { 7: at },
  pair: ["a", 1n, null],
  nothing: null,
  maybe: null,
  status,
  events: [{ kind: "opened" }, event, { kind: "marked", label: "a", note: "b" }],
  shapes,
  beside,
  either,
  loose: [null, [0, 255], "a", 0.5, event, { t: "Many", c: [at] }, mark, [null]],
  mixed: [mark, { name: "a", at }],
  planned: [{ id: 1n, every: "" }],
  page: { items: [mark], next: null },
  numbers: { items: [1], next: 2n },
  elsewhere: { height: 1e308 },
  anything: [null, "a"],
};
// Genezio's clients give dates as they came.
const asText = (_: string, value: unknown) => (typeof value === "bigint" ? `${value}n` : value);
const same = (actual: unknown, expected: unknown) =>
  deepStrictEqual(JSON.parse(JSON.stringify(actual, asText)), JSON.parse(JSON.stringify(expected, asText)));
same(await Every.everything(everything), everything);
same(await Every.everything({ ...everything, maybe: everything }), { ...everything, maybe: everything });
same(await Every.tree({ value: 1n, at, branches: [] }), { value: 1n, at, branches: [] });
deepStrictEqual(await Every.bytes([0, 255]), [0, 255]);
deepStrictEqual(await Every.statuses(["paid", "sent"]), ["paid", "sent"]);
deepStrictEqual(await Every.big(2n ** 126n, [0n, 2n ** 64n - 1n]), [2n ** 126n, [0n, 2n ** 64n - 1n]]);
deepStrictEqual([await Every.optional(1), await Every.optional(1, "", 2n)], [1, 3]);
deepStrictEqual(await Every.nothing(), null);

StorageManager.setStorage({ getItem: () => "token", setItem() {}, removeItem() {}, clear() {} });
deepStrictEqual((await Every.who("me")).slice(0, 2), ["me", "token"]);

await rejects(Every.fails(7n), { message: "as it was told to", code: 7, info: "more" });
await rejects(Every.nan(), /`result\[1\]` of `Every.nan`: it is NaN, which JSON has no form for/);
await rejects(Every.panics(), /`panics` panicked/);
// Methods for requests and for the clock are called by others than the SDK.
const [url = ""] = process.argv.slice(2);
const hook = await fetch(`${url}Every/hook/more?x=1`, { method: "PUT", body: "ü" });
deepStrictEqual([hook.status, await hook.text()], [200, "PUT /Every/hook/more?x=1 ü"]);
const body = JSON.stringify({ jsonrpc: "2.0", method: "Every.nightly", params: [], id: 1 });
const asked = await fetch(url, { method: "POST", headers: { "genezio-event": "cron" }, body });
const clock = (await asked.json()) as { error: { message: string } };
deepStrictEqual(clock.error.message, "the clock was here");
// What is no method of the SDK's is none for its clients.
const keys: string[] = Object.getOwnPropertyNames(Every);
deepStrictEqual(["http", "hook", "nightly", "standby"].filter((name) => keys.includes(name)), []);
console.log("genezio's client agrees");
