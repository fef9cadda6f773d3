/**
 * The effects the trampoline needs. `nodeHost()` is the real one; tests pass a table.
 * Methods throw the system's own errors (`error.code` is `"ENOSPC"` and the like) unless they say otherwise.
 */

/** What the file system says about one path. */
export interface FileFacts {
  readonly kind: "file" | "directory" | "link" | "other";
  /** Bytes. */
  readonly size: number;
  /** Permission bits, for example `0o755`. */
  readonly mode: number;
  /** Numeric id of the owner. */
  readonly owner: number;
}

/** How a child process ended: by itself, or by a signal such as `"SIGKILL"`. A signal without a name is status 255. */
export type ChildEnd = { readonly status: number } | { readonly signal: string };

/** What stood in the way of a takeover: an error of the system, usually. */
export interface Refused {
  readonly refused: unknown;
}

/** Where a stub or an addon is: a file that can be loaded as it is, or text and the folder it can be written to. */
export type StubPlace = { readonly file: string } | { readonly base64: string; readonly folder: string };

/** A new file that is being written. */
export interface Output {
  /** Decodes base64 text of at most 64 KiB and appends it. Returns the number of bytes it stood for. */
  appendBase64(text: string): number;
  /** Drops what was written so far. */
  restart(): void;
  close(): void;
}

export interface Host {
  /** Operating system and architecture in Node's spelling, and Node's version with its `v`. */
  readonly system: string;
  readonly arch: string;
  readonly nodeVersion: string;
  /** The environment, variables with text only. Takes longer than asking for one {@link variable}. */
  env(): Record<string, string>;
  /** A variable of the environment. */
  variable(name: string): string | undefined;
  /** Sets a variable of the environment, for the program too. */
  setVariable(name: string, value: string): void;
  /** Owner of the files this process creates; `undefined` where the system has no user ids. */
  user(): number | undefined;
  isMainThread(): boolean;
  hasExecve(): boolean;
  /** Folder of the module that is running, when that can be known. */
  moduleFolder(): string | undefined;

  /** Facts about a path itself, or about what it links to; `undefined` when there is nothing. */
  facts(path: string, links: "keep" | "follow"): FileFacts | undefined;
  /** Whether this process may execute the file: its permission bits, and the mount it lies on. */
  mayExecute(path: string): boolean;
  /** The first bytes of a file, fewer if it is shorter. */
  head(path: string, length: number): Uint8Array;
  /** A small file as base64. */
  base64(path: string): string;
  /** Lowercase hexadecimal SHA-256 of a file. */
  sha256(path: string): string;
  /** A word that no other start uses at the same time. */
  uniqueWord(): string;
  /**
   * Removes `path.<unique word>` of starts that were killed while they wrote: ordinary files of this user whose
   * process is gone. True if there were any; says nothing when that is not possible.
   */
  removeLeftovers(path: string): boolean;
  /** Creates a file that must not exist yet, not even as a link. */
  create(path: string, mode: number): Output;
  /** Copies a file to a name that must not exist yet. */
  copy(from: string, to: string): void;
  /** Sets the permission bits, whatever the process's umask is. */
  setMode(path: string, mode: number): void;
  rename(from: string, to: string): void;
  /** Removes a file; says nothing when that is not possible. */
  remove(path: string): void;

  /** Bytes that the stack of this process may take: `Infinity` for no limit, 0 when it is not known. */
  stackLimit(): number;

  /** Replaces this process by way of a stub, which puts its state back; returns only what refused that. */
  execByStub(stub: StubPlace, path: string): unknown;
  /** Replaces this process; ignored signals get their default action back. Returns only what refused that, where Node survives it. */
  execve(path: string, env: Record<string, string>): unknown;
  /** Runs a child with this process's stdio and waits for its end. */
  spawn(path: string, env: Record<string, string>): ChildEnd | Refused;
  /** Loads an addon, and by it a library into this process, whose `trap` is called: returns when that does. */
  callLibrary(addon: StubPlace, path: string): { readonly status: number } | Refused;
  /** Ends this process. */
  exit(status: number): never;
  /** Ends this process by a signal, as a shell would see it; by status 128 + n where it survives that. */
  dieBy(signal: string): never;

  /** Writes one line to stderr. */
  log(line: string): void;
  /** Throws the error such that Node does not print the source line that threw it. */
  raise(error: unknown): never;
}
