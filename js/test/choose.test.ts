import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { choose as chooseFor, roleIn } from "../src/choose.js";
import type { Choice, Role, Situation } from "../src/choose.js";
import type { Takeover } from "../src/payload-type.js";

const choose = (situation: Situation): Choice => chooseFor(situation, roleIn(situation));

const best: Situation = {
  asked: "auto",
  system: "linux",
  arch: "x64",
  nodeVersion: "v24.1.0",
  mainThread: true,
  stub: true,
  addon: false,
  execve: true,
  polls: true,
  concurrent: false,
  snapStart: false,
  port: undefined,
  serves: false,
};
const node20: Partial<Situation> = { execve: false, nodeVersion: "v20.1.0" };
const worker: Partial<Situation> = { mainThread: false };

describe("the takeovers are", () => {
  const all = ["exec:stub", "exec:execve", "spawn"];
  const cases: readonly [name: string, situation: Partial<Situation>, takeovers: readonly string[], reason: RegExp][] = [
    ["all, the stub first, on the main thread", {}, all, /^this is the main thread of Node$/],
    ["stub and spawn on a Node without execve", node20, ["exec:stub", "spawn"], /Node v20\.1\.0 has no process\.execve/],
    ["execve first without a stub", { stub: false }, ["exec:execve", "spawn"], /^the payload has no stub for x64, and this is the main thread/],
    ["spawn alone when neither can be had", { ...node20, stub: false }, ["spawn"], /no stub for x64, and Node v20.* no process\.execve .*later have it\)$/],
    ["spawn in a worker thread, with one reason", worker, ["spawn"], /^the module runs in a worker thread$/],
    ["spawn on another system", { system: "darwin" }, ["spawn"], /darwin/],
    ["no spawn when exec was forced", { asked: "exec" }, ["exec:stub", "exec:execve"], /forced/],
    ["what is left of exec", { asked: "exec", ...node20 }, ["exec:stub"], /forced/],
    ["the stub when it was forced", { asked: "exec:stub" }, ["exec:stub"], /forced/],
    ["execve when it was forced", { asked: "exec:execve" }, ["exec:execve"], /forced/],
    ["spawn when it was forced", { asked: "spawn" }, ["spawn"], /forced/],
    ["a library, which is always forced", { asked: "library", addon: true, ...node20 }, ["library"], /forced/],
  ];
  for (const [name, situation, takeovers, reason] of cases) {
    test(name, () => {
      const choice = choose({ ...best, ...situation });
      assert.deepEqual(choice.takeovers, takeovers);
      assert.match(choice.reason, reason);
    });
  }
});

describe("the role is", () => {
  const pushed: Partial<Situation> = { polls: false };
  const server: Partial<Situation> = { polls: false, port: "PORT" };
  const cases: readonly [name: string, situation: Partial<Situation>, role: Role, reason: RegExp][] = [
    ["to poll where there is a Runtime API", {}, "poll", /^this is the main thread of Node$/],
    ["to bridge where there is none", pushed, "bridge", /^AWS_LAMBDA_RUNTIME_API is not set, so this host pushes events$/],
    ["to bridge there in a worker thread too", { ...pushed, ...worker }, "bridge", /pushes events/],
    ["to bridge on managed instances", { concurrent: true, ...worker }, "bridge", /AWS_LAMBDA_MAX_CONCURRENCY .* worker thread/],
    ["to poll in a lone worker thread", worker, "poll", /worker thread/],
    ["to poll also for a snapshot", { snapStart: true }, "poll", /^this start is for a snapshot, .*, and this is the main thread/],
    ["to poll on the main thread of managed instances", { concurrent: true }, "poll", /main thread/],
    ["the port where the program serves it", { ...server, serves: true }, "port", /^the program serves HTTP on PORT itself, and this is the main thread/],
    ["to bridge where it does not", server, "bridge", /^the program does not serve HTTP on PORT itself$/],
    ["the port when it was forced", { asked: "port" }, "port", /forced/],
    ["the port when a way to it was forced", { ...server, asked: "exec" }, "port", /forced/],
    ["to bridge when it was forced, whatever there is", { asked: "bridge" }, "bridge", /forced/],
    ["none when a way to poll was forced where nothing can be polled", { ...pushed, asked: "spawn" }, "none", /forced/],
  ];
  for (const [name, situation, role, reason] of cases) {
    test(name, () => {
      const choice = choose({ ...best, ...situation });
      assert.equal(choice.role, role);
      assert.match(choice.reason, reason);
      assert.equal(choice.takeovers.length > 0, role === "poll" || role === "port");
    });
  }
});

describe("forced is refused:", () => {
  const cases: readonly [asked: Takeover, name: string, situation: Partial<Situation>, why: RegExp][] = [
    ["exec", "without stub and execve", { ...node20, stub: false }, /no stub for x64, and Node v20\.1\.0 has no process\.execve/],
    ["exec", "in a worker thread", worker, /worker thread/],
    ["exec", "on another system", { system: "win32" }, /win32/],
    ["exec:stub", "without a stub", { stub: false }, /no stub for x64/],
    ["exec:stub", "in a worker thread", worker, /worker thread/],
    ["exec:execve", "on a Node without execve", node20, /no process\.execve/],
    ["exec:execve", "in a worker thread", worker, /worker thread/],
  ];
  for (const [asked, name, situation, why] of cases) {
    test(`${asked} ${name}`, () =>
      assert.throws(() => choose({ ...best, ...situation, asked }), (error: Error & { code?: string }) => {
        assert.equal(error.code, "TRAP_EXEC_UNAVAILABLE");
        assert.ok(error.message.startsWith(`takeover \`${asked}\` was forced at build time, but `), error.message);
        assert.match(error.message, why);
        assert.match(error.message, /\nhelp: .*--takeover auto/);
        return true;
      }));
  }
});

describe("a library is refused", () => {
  const cases: readonly [name: string, situation: Partial<Situation>, why: RegExp][] = [
    ["in a worker thread", worker, /worker thread/],
    ["on another system", { system: "darwin" }, /darwin/],
    ["without an addon", { addon: false }, /no addon for x64/],
  ];
  for (const [name, situation, why] of cases) {
    test(name, () =>
      assert.throws(() => choose({ ...best, addon: true, ...situation, asked: "library" }), (error: Error & { code?: string }) => {
        assert.equal(error.code, "TRAP_LIBRARY_UNAVAILABLE");
        assert.match(error.message, why);
        assert.match(error.message, /\nhelp: build a program/);
        return true;
      }));
  }
});
