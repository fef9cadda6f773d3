import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { choose } from "../src/choose.js";
import type { Situation } from "../src/choose.js";

const best: Situation = { asked: "auto", system: "linux", nodeVersion: "v24.1.0", mainThread: true, execve: true };

describe("the takeover is", () => {
  const cases: readonly [name: string, situation: Partial<Situation>, takeover: string, reason: RegExp][] = [
    ["exec on the main thread of a new Node", {}, "exec", /main thread/],
    ["exec when it was forced", { asked: "exec" }, "exec", /forced/],
    ["spawn when it was forced", { asked: "spawn" }, "spawn", /forced/],
    ["spawn on a Node without execve", { execve: false, nodeVersion: "v20.1.0" }, "spawn", /Node v20\.1\.0 has no process\.execve/],
    ["spawn in a worker thread", { mainThread: false }, "spawn", /worker thread/],
    ["spawn on another system", { system: "darwin" }, "spawn", /darwin/],
  ];
  for (const [name, situation, takeover, reason] of cases) {
    test(name, () => {
      const choice = choose({ ...best, ...situation });
      assert.equal(choice.takeover, takeover);
      assert.match(choice.reason, reason);
    });
  }
});

describe("forced exec is refused", () => {
  const cases: Record<string, Partial<Situation>> = {
    "on a Node without execve": { execve: false },
    "in a worker thread": { mainThread: false },
    "on another system": { system: "win32" },
  };
  for (const [name, situation] of Object.entries(cases)) {
    test(name, () =>
      assert.throws(() => choose({ ...best, ...situation, asked: "exec" }), {
        code: "TRAP_EXEC_UNAVAILABLE",
        message: /forced at build time.*\nhelp: .*--takeover auto/,
      }));
  }
});
