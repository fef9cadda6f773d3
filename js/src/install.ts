/**
 * Puts a program on disk, named by its content, where this process can execute it.
 *
 * Nothing is executed that was not written completely: the program is written under a temporary name,
 * closed, and renamed. A second start reuses the file after it has looked at it; two starts at once each
 * write their own and the later rename wins, which changes nothing because both are the same.
 */

import { TrapError, systemCode, systemReason } from "./errors.js";
import type { FileFacts, Host, Output, StubPlace } from "./host.js";
import type { Program } from "./payload-type.js";

/** Permission bits of an installed program; the umask may take some away. */
const EXECUTABLE = 0o755;

/** The permission bit that lets its owner execute a file. */
const EXECUTABLE_BY_OWNER = 0o100;

/** Permission bits that let somebody else than the owner write. */
const WRITABLE_BY_OTHERS = 0o022;

/** Writes the program to a file that does not exist yet and returns a word on where it came from. */
export type Writer = (temporary: string) => string;

/** Where a program is, and what it took to get it there. */
export interface Installed {
  readonly path: string;
  /** What replaces this process by the program, where the payload brings it. */
  readonly stub?: StubPlace | undefined;
  /** What loads it into this process, where it is a library. */
  readonly addon?: StubPlace | undefined;
  /** For people, for example `payload: source text`. */
  readonly origin: string;
  /** Folders that were tried before, each with the reason it could not be used. */
  readonly skipped: readonly string[];
}

/** Folders to try, best first. */
export function installFolders(asked: string | undefined): readonly string[] {
  if (asked === undefined || asked === "" || asked === "/tmp") return ["/tmp", "/dev/shm"];
  return asked === "/dev/shm" ? ["/dev/shm", "/tmp"] : [asked, "/tmp", "/dev/shm"];
}

/**
 * Installs the program in the first folder that can hold and execute it, or finds it there.
 * Throws `TRAP_NO_FOLDER`, which names every folder with its reason, and `TRAP_PAYLOAD_DAMAGED`.
 */
export function install(
  name: string,
  program: Program,
  write: Writer,
  verify: boolean,
  host: Host,
): Installed {
  const skipped: string[] = [];
  const file = `trap-${program.sha256.slice(0, 16)}`;
  for (const folder of installFolders(host.variable("TRAP_DIR"))) {
    const path = folder.endsWith("/") ? folder + file : `${folder}/${file}`;
    try {
      const origin = installAt(path, name, program, write, verify, host);
      return { path, origin, skipped };
    } catch (error) {
      if (error instanceof TrapError) throw error;
      skipped.push(`${folder}: ${systemReason(error)}`);
    }
  }
  throw new TrapError(
    "TRAP_NO_FOLDER",
    `no folder can hold and execute \`${name}\` (${program.size} bytes); tried ${skipped.join("; ")}`,
    "set TRAP_DIR to a folder where this process may write and execute files, or make room in one of these",
  );
}

/** Installs at one path. Throws an error of the system, or one that reads like it. */
function installAt(
  path: string,
  name: string,
  program: Program,
  write: Writer,
  verify: boolean,
  host: Host,
): string {
  if (!path.startsWith("/")) throw new Error("is not an absolute path");
  const present = host.facts(path, "keep");
  if (present !== undefined) {
    // A file cannot replace a directory, so do not even write one.
    if (present.kind === "directory") throw new Error(`a directory is in the way at ${path}`);
    if (isOurs(present, program, host) && (!verify || host.sha256(path) === program.sha256)) {
      requireExecutable(path, host);
      // lap: prepare
      return "already installed";
    }
  }

  try {
    return writeTo(path, name, program, write, verify, host);
  } catch (error) {
    // What killed starts left behind may be what fills the folder. Containers that share it but not their process
    // ids may take each other's file for such a thing: the start that loses its file goes on with the next folder.
    if (systemCode(error) !== "ENOSPC" || !host.removeLeftovers(path)) throw error;
    return writeTo(path, name, program, write, verify, host);
  }
}

/** Writes a program under a temporary name, and gives it its own when it is complete and can be executed. */
function writeTo(path: string, name: string, program: Program, write: Writer, verify: boolean, host: Host): string {
  const temporary = `${path}.${host.uniqueWord()}`;
  try {
    // lap: prepare
    const origin = write(temporary);
    if (!host.mayExecute(temporary)) {
      // The umask, or the file it was copied from, left it without permission.
      host.setMode(temporary, EXECUTABLE);
      requireExecutable(temporary, host);
    }
    if (verify) requireHash(temporary, name, program, host);
    host.rename(temporary, path);
    return origin;
  } catch (error) {
    host.remove(temporary);
    throw error;
  }
}

/** Whether a file was put there by an earlier start, and by nobody else. */
function isOurs(facts: FileFacts, program: Program, host: Host): boolean {
  return (
    facts.kind === "file" &&
    facts.size === program.size &&
    facts.owner === (host.user() ?? facts.owner) &&
    (facts.mode & WRITABLE_BY_OTHERS) === 0 &&
    (facts.mode & EXECUTABLE_BY_OWNER) !== 0
  );
}

/** Throws `TRAP_PAYLOAD_DAMAGED` unless the file has the hash of the program that was built. */
export function requireHash(path: string, name: string, program: Program, host: Host): void {
  let found;
  try {
    found = host.sha256(path);
  } catch (error) {
    throw new TrapError(
      "TRAP_PAYLOAD_DAMAGED",
      `the payload of \`${name}\` cannot be compared with its SHA-256: \`${path}\`: ${systemReason(error)}`,
      "deploy the artifact such that the user of the host may read it, or do not set TRAP_VERIFY",
    );
  }
  if (found === program.sha256) return;
  throw new TrapError(
    "TRAP_PAYLOAD_DAMAGED",
    `the payload of \`${name}\` is damaged: its SHA-256 is ${found} instead of ${program.sha256}`,
    "build the artifact again with `cargo trap build` and deploy it unchanged",
  );
}

/** Throws unless the file can be executed where it lies. The permission bits are right by now. */
function requireExecutable(path: string, host: Host): void {
  if (!host.mayExecute(path)) throw new Error("files in it cannot be executed (mounted noexec?)");
}

/** A writer for a base64 payload: `decode` fills the new file. */
export function newFile(host: Host, fill: (output: Output) => string): Writer {
  return (temporary) => {
    const output = host.create(temporary, EXECUTABLE);
    try {
      return fill(output);
    } finally {
      output.close();
    }
  };
}

/** A writer for a file payload that cannot be executed where it lies. */
export function copyOf(file: string, host: Host): Writer {
  return (temporary) => {
    host.copy(file, temporary);
    return "copied file";
  };
}
