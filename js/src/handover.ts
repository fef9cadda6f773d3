/**
 * Hands the process over to an installed program. Does not return.
 */

import { execUnavailable } from "./choose.js";
import type { Choice } from "./choose.js";
import { ELF_HEAD_LENGTH, elfMachine } from "./elf.js";
import { TrapError, systemCode, systemReason } from "./errors.js";
import type { Host } from "./host.js";
import type { Installed } from "./install.js";
import { callLibrary } from "./library.js";
import type { Takeover } from "./payload-type.js";

/** Longest `NAME=value` in bytes that Linux passes to a new program, its final zero included. */
const LONGEST_VARIABLE = 131072;

/** Bytes of arguments and environment that Linux passes on at least, and at most; between them a quarter of the stack. */
const SMALLEST_SPACE = 131072;
const LARGEST_SPACE = 6291456;

/** Bytes left for the program's path, which is passed on twice, and for what the kernel adds. */
const SPACE_FOR_PATH = 16384;

/** Bytes that every variable takes besides its name and value: `=`, the final zero, and a pointer. */
const PER_VARIABLE = 10;

/**
 * Throws `TRAP_PAYLOAD_DAMAGED` unless the file is a program for this machine. A failed `process.execve`
 * aborts Node before version 26 and cannot be caught, so what can be known is checked beforehand.
 */
export function requireProgram(path: string, host: Host): void {
  let head;
  try {
    head = host.head(path, ELF_HEAD_LENGTH);
  } catch (error) {
    // Who may execute a file need not be able to read it.
    if (systemCode(error) === "EACCES" && host.mayExecute(path)) return;
    throw new TrapError(
      "TRAP_PAYLOAD_DAMAGED",
      `\`${path}\` cannot be read: ${systemReason(error)}`,
      "deploy the artifact such that the user of the host may read and execute it (modes 0755)",
    );
  }
  const machine = elfMachine(head);
  if (machine === host.arch) return;
  throw new TrapError(
    "TRAP_PAYLOAD_DAMAGED",
    `\`${path}\` cannot run here: this host is ${host.arch} and the file is ${machine}`,
    `build again with \`cargo trap build --arch ${host.arch}\` and deploy the artifact unchanged`,
  );
}

/**
 * Gives the process to an installed program: its arguments are its own path alone. Takes the first of the chosen
 * takeovers that does not come back. Throws `TRAP_START_FAILED` when the system refuses the last one, and
 * `TRAP_EXEC_UNAVAILABLE` when that must not even be tried.
 */
export function handOver(choice: Choice, installed: Installed, host: Host, log: (text: string) => void): never {
  let refused: unknown;
  for (const takeover of choice.takeovers) {
    if (refused !== undefined) log(`${takeover}, because the one before came back: ${firstLine(refused)}`);
    refused = attempt(takeover, choice.asked, installed, host);
  }
  if (refused instanceof TrapError) throw refused;
  throw new TrapError(
    "TRAP_START_FAILED",
    `the system does not start \`${installed.path}\`: ${systemReason(refused)}`,
    "check that the host lets functions start programs (Node's --permission, seccomp, memory, size of the environment)",
  );
}

/** Tries one takeover; what comes back is the reason for that. */
function attempt(takeover: Choice["takeovers"][number], asked: Takeover, installed: Installed, host: Host): unknown {
  const { path, stub } = installed;
  if (takeover === "library") return callLibrary(installed, host);
  // The system refuses what is no program for this machine, and a stub comes back from that.
  if (takeover === "exec:stub") return stub === undefined ? "there is no stub" : host.execByStub(stub, path);
  if (host.system === "linux") requireProgram(path, host);
  const env = host.env();
  if (takeover === "exec:execve") {
    const obstacle = environmentObstacle(env, host);
    return obstacle === undefined ? host.execve(path, env) : execUnavailable(asked, obstacle.what, obstacle.advice);
  }
  const end = host.spawn(path, env);
  if ("refused" in end) return end.refused;
  // Returning would leave a host that looks healthy and cannot answer: it ends as the program did.
  if ("signal" in end) host.dieBy(end.signal);
  host.exit(end.status);
}

/** What a log line has room for. */
function firstLine(error: unknown): string {
  return (error instanceof TrapError ? error.what : systemReason(error)).split("\n", 1)[0] ?? "";
}

/** Why Linux would refuse to pass the environment to a new program, and what to do; or `undefined`. */
export function environmentObstacle(env: Record<string, string>, host: Host): { what: string; advice: string } | undefined {
  const name = oversizedVariable(env);
  if (name !== undefined) {
    return { what: `the variable ${name} is longer than Linux passes on (128 KiB)`, advice: `make ${name} shorter` };
  }
  // Asking for the limit reads a file, counting exactly takes time: only where it could matter.
  if (environmentSize(env, (text) => text.length * 3) <= SMALLEST_SPACE - SPACE_FOR_PATH) return undefined;
  const space = Math.min(Math.max(host.stackLimit() / 4, SMALLEST_SPACE), LARGEST_SPACE) - SPACE_FOR_PATH;
  const size = environmentSize(env, utf8Length);
  if (size <= space) return undefined;
  return {
    what: `the environment takes ${size} bytes, and Linux passes on ${space} (a quarter of the stack limit)`,
    advice: "remove variables from the environment, or make them shorter",
  };
}

/** Bytes that Linux counts for the environment, by a function that counts those of a text. */
function environmentSize(env: Record<string, string>, length: (text: string) => number): number {
  let bytes = 0;
  for (const name in env) bytes += length(name) + length(env[name] ?? "") + PER_VARIABLE;
  return bytes;
}

/** The name of a variable that Linux would refuse to pass on, or `undefined`. */
export function oversizedVariable(env: Record<string, string>): string | undefined {
  return Object.keys(env).find((name) => {
    const text = `${name}=${env[name] ?? ""}`;
    // A UTF-16 unit takes at most 3 bytes: count exactly only where it could matter.
    return text.length * 3 >= LONGEST_VARIABLE && utf8Length(text) >= LONGEST_VARIABLE;
  });
}

/** Bytes that a text takes in UTF-8. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
