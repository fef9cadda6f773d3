// Sends values of every type through the client that Genezio's own command line made of the class, completed by what
// `cargo trap client --sdk genezio` wrote, and compares what comes back. The values are chosen at random, by a seed that a
// failure tells.
//
//   node completed.js <the address of the class> [seed]
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { Every, StorageManager } from "@genezio-sdk/every-type";
import { complete } from "./complete.js";
import { allComeBack, seed } from "./values.js";

const every = complete(Every);
try {
  await allComeBack(every);

  deepStrictEqual([await every.optional(1), await every.optional(1, null), await every.optional(1, "", 2n)], [1, 1, 3]);
  deepStrictEqual(await every.nothing(), null);
  StorageManager.setStorage({ getItem: () => "token", setItem() {}, removeItem() {}, clear() {} });
  deepStrictEqual((await every.who("me")).slice(0, 2), ["me", "token"]);

  // Errors are Genezio's own.
  await rejects(every.fails(7n), { name: "Error", message: "as it was told to", code: 7, info: "more" });
  await rejects(every.nan(), /`result\[1\]` of `Every.nan`: it is NaN, which JSON has no form for/);
  await rejects(every.number(NaN), { name: "TypeError", message: "`number` is NaN, which JSON has no form for" });
  await rejects(every.tree({ value: 1n, at: new Date(NaN), branches: [] }), /`tree.at` is an invalid date/);
  const { url } = Every.remote;
  Every.remote.url = "data:text/html,<p>";
  await rejects(every.nothing(), { message: "`Every.nothing` was answered 200 and no result: <p>" });
  Every.remote.url = url;
  ok(await every.optional(1));
  console.log("every type came back");
} catch (error) {
  console.error(`seed ${seed}`);
  throw error;
}
