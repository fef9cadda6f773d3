/**
 * Decides how the program gets control. Pure: it is told what the host is and returns a choice with its reason.
 */

import { TrapError } from "./errors.js";
import type { Means, Takeover } from "./payload-type.js";

/** What the choice depends on. */
export interface Situation {
  /** What was asked for when the artifact was built. */
  readonly asked: Takeover;
  readonly system: string;
  readonly arch: string;
  readonly nodeVersion: string;
  readonly mainThread: boolean;
  /** Whether the payload brings a stub for this architecture. */
  readonly stub: boolean;
  /** Whether the payload is a library, and brings the addon that loads it. */
  readonly addon: boolean;
  /** Whether Node has `process.execve`. */
  readonly execve: boolean;
  /** Whether there is a Runtime API to poll. */
  readonly polls: boolean;
  /** Whether the host polls for several events at once, as Lambda's managed instances do. */
  readonly concurrent: boolean;
  /** Whether this start ends in a snapshot. */
  readonly snapStart: boolean;
  /** For a host that only starts a process: the variable that names the port. */
  readonly port: string | undefined;
  /** Whether the program serves HTTP on a port by itself. */
  readonly serves: boolean;
}

/** One way to give the program control. */
type Way = Means | "spawn" | "library";

/**
 * What becomes of the host: the program polls in its place, it serves HTTP on the host's port in its place, it is fed
 * by the host, or nothing is started.
 */
export type Role = "poll" | "port" | "bridge" | "none";

/** A role, and what speaks for it: a fragment that follows "because". */
export interface Chosen {
  readonly role: Role;
  readonly why: string;
}

/** What is to be done, and how. */
export interface Choice {
  readonly asked: Takeover;
  readonly role: Role;
  /** Ways to give the program this process, best first: the next is tried when one comes back. */
  readonly takeovers: readonly Way[];
  /** Why this role, or the first of these ways: a fragment that follows "because". */
  readonly reason: string;
}

/** What each request allows, best first. A stub needs 1.5 ms less than Node's own `process.execve`. */
const ALLOWED: Readonly<Record<Exclude<Takeover, "bridge">, Choice["takeovers"]>> = {
  auto: ["exec:stub", "exec:execve", "spawn"],
  port: ["exec:stub", "exec:execve", "spawn"],
  exec: ["exec:stub", "exec:execve"],
  "exec:stub": ["exec:stub"],
  "exec:execve": ["exec:execve"],
  spawn: ["spawn"],
  library: ["library"],
};

const FORCED = "it was forced at build time";

/**
 * Picks the takeovers for a role that wants one. Throws `TRAP_EXEC_UNAVAILABLE` when `exec` was forced and cannot be had,
 * and `TRAP_LIBRARY_UNAVAILABLE` when a library cannot be loaded.
 */
export function choose(situation: Situation, { role, why }: Chosen): Choice {
  const { asked } = situation;
  if (role === "bridge" || role === "none" || asked === "bridge") return { asked, role, takeovers: [], reason: why };
  const takeovers: Way[] = [];
  let obstacles = "";
  for (const takeover of ALLOWED[asked]) {
    const obstacle = takeover === "spawn" ? undefined : obstacleTo(takeover, situation);
    if (obstacle === undefined) takeovers.push(takeover);
    else if (!obstacles.includes(obstacle)) obstacles += obstacle + ", and ";
  }
  const obstacle = obstacles.slice(0, -", and ".length);
  if (takeovers.length === 0) throw asked === "library" ? libraryUnavailable(obstacle) : execUnavailable(asked, obstacle);
  if (asked !== "auto") return { asked, role, takeovers, reason: why };
  const found = takeovers[0] === "spawn" ? obstacle : `${obstacles}this is the main thread of Node`;
  return { asked, role, takeovers, reason: why === "" ? found : `${why}, and ${found}` };
}

/** The role, and what speaks for it. */
export function roleIn({ asked, polls, concurrent, snapStart, mainThread, port, serves }: Situation): Chosen {
  if (asked === "bridge" || asked === "port") return { role: asked, why: FORCED };
  if (port !== undefined) {
    if (asked !== "auto") return { role: "port", why: FORCED };
    if (serves) return { role: "port", why: `the program serves HTTP on ${port} itself` };
    return { role: "bridge", why: `the program does not serve HTTP on ${port} itself` };
  }
  if (asked !== "auto") return { role: polls ? "poll" : "none", why: FORCED };
  if (!polls) return { role: "bridge", why: "AWS_LAMBDA_RUNTIME_API is not set, so this host pushes events" };
  // One program in each thread would answer fewer events at once than the host lets in.
  if (concurrent && !mainThread) {
    return { role: "bridge", why: "AWS_LAMBDA_MAX_CONCURRENCY is set and this is a worker thread" };
  }
  return { role: "poll", why: snapStart ? "this start is for a snapshot, which is the program's to end" : "" };
}

/** The error for a forced takeover that something stands in the way of. */
export function execUnavailable(asked: string, obstacle: string, advice?: string): TrapError {
  return new TrapError(
    "TRAP_EXEC_UNAVAILABLE",
    `takeover \`${asked}\` was forced at build time, but ${obstacle}`,
    advice ?? "build with `cargo trap build --takeover auto`, which takes what the host can do",
  );
}

/** The error for a library where something stands in the way of loading it. */
export function libraryUnavailable(obstacle: string): TrapError {
  return new TrapError(
    "TRAP_LIBRARY_UNAVAILABLE",
    `a library was packaged for this host to load, but ${obstacle}`,
    "build a program in its place: `cargo trap build --takeover auto`, with `--bin` where the crate has one",
  );
}

/** Why this process cannot be replaced, or given a library; `undefined` when it can. */
function obstacleTo(means: Means | "library", situation: Situation): string | undefined {
  const { system, arch, nodeVersion, mainThread, stub, addon, execve } = situation;
  if (system !== "linux") return `the host runs ${system}, not linux`;
  // A stub would end the whole host there without a word, and a library could not be stopped.
  if (!mainThread) return "the module runs in a worker thread";
  if (means === "library") return addon ? undefined : `the payload has no addon for ${arch}`;
  if (means === "exec:stub") return stub ? undefined : `the payload has no stub for ${arch}`;
  return execve ? undefined : `Node ${nodeVersion} has no process.execve (22.15 and later have it)`;
}
