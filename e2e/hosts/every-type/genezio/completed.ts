// Sends values of every type through the client that Genezio's own command line made of the class, completed by what
// `cargo trap client --sdk genezio` wrote, and compares what comes back. The values are chosen at random, by a seed that a
// failure tells.
//
//   node completed.js <the address of the class> [seed]
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { Every, StorageManager } from "@genezio-sdk/every-type";
import { complete } from "./complete.js";
import { bytes, everything, flat, i128, number, renamed, same, seed, some, status, text, tree, u64 } from "./values.js";

complete(Every);
try {
  await same("everything", () => everything(2), (value) => Every.everything(value));
  await same("tree", () => tree(3), (value) => Every.tree(value));
  await same("flat", flat, (value) => Every.flat(value));
  await same("renamed", renamed, (value) => Every.renamed(value));
  await same("bytes", bytes, (value) => Every.bytes(value));
  await same("statuses", () => some(status), (value) => Every.statuses(value));
  await same("text", text, (value) => Every.text(value));
  await same("number", number, (value) => Every.number(value));
  // A tuple is a list of any of its types here.
  await same("big", () => [i128(), some(u64)] as const, ([first, more]) => Every.big(first, more) as Promise<any>);

  deepStrictEqual([await Every.optional(1), await Every.optional(1, null), await Every.optional(1, "", 2n)], [1, 1, 3]);
  deepStrictEqual(await Every.nothing(), null);
  StorageManager.setStorage({ getItem: () => "token", setItem() {}, removeItem() {}, clear() {} });
  deepStrictEqual((await Every.who("me")).slice(0, 2), ["me", "token"]);

  // Errors are Genezio's own.
  await rejects(Every.fails(7n), { name: "Error", message: "as it was told to", code: 7, info: "more" });
  await rejects(Every.nan(), /`result\[1\]` of `Every.nan`: it is NaN, which JSON has no form for/);
  await rejects(Every.number(NaN), { name: "TypeError", message: "`number` is NaN, which JSON has no form for" });
  await rejects(Every.tree({ value: 1n, at: new Date(NaN), branches: [] }), /`tree.at` is an invalid date/);
  const { url } = Every.remote;
  Every.remote.url = "data:text/html,<p>";
  await rejects(Every.nothing(), { message: "`Every.nothing` was answered 200 and no result: <p>" });
  Every.remote.url = url;
  ok(await Every.optional(1));
  console.log("every type came back");
} catch (error) {
  console.error(`seed ${seed}`);
  throw error;
}
