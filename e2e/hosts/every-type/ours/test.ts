// Sends values of every type to the class of `every-type`, with the client that was made of it, and compares what comes
// back. The values are chosen at random, by a seed that a failure tells.
//
//   node test.js <the program's address> [seed]
import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { CallError, Every } from "./client.js";
import type { Everything } from "./client.js";
import { allComeBack, everything, seed } from "./values.js";

const [, , url = ""] = process.argv;
const every = new Every(url, { headers: () => ({ "x-own": "mine" }) });
try {
  await allComeBack(every);

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
