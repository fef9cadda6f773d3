/**
 * A host that is a table: files and folders in memory, and a record of what was done to them.
 */
import type { ChildEnd, FileFacts, Host, Output } from "../src/host.js";

/** A file of the table. What is absent is an ordinary file of this user. */
export interface FakeFile extends Partial<FileFacts> {
  /** Decoded text, or whatever stands for the content. */
  readonly content?: string;
}

/** What the host is, for the tests that care. */
export interface Fakes {
  readonly system?: string;
  readonly arch?: string;
  readonly nodeVersion?: string;
  readonly env?: Record<string, string>;
  readonly mainThread?: boolean;
  readonly execve?: boolean;
  readonly moduleFolder?: string;
  readonly files?: Record<string, FakeFile>;
  /** Folders that refuse, with the error of the system. */
  readonly broken?: Record<string, string>;
  /** Folders that this process may not look into. */
  readonly closed?: readonly string[];
  /** Folders mounted noexec. */
  readonly noexec?: readonly string[];
  readonly childEnd?: ChildEnd;
  /** What comes of a library; without it, that it returns with status 0. */
  readonly libraryEnd?: { readonly status: number } | { readonly refused: unknown };
  /** Why the stub comes back; without it the process is replaced. */
  readonly stubError?: Error;
  readonly execveError?: Error;
  readonly spawnError?: Error;
  readonly machine?: number;
  /** Files that cannot be read. */
  readonly unreadable?: readonly string[];
  readonly stackLimit?: number;
  readonly umask?: number;
}

/** How a fake process ended; thrown, because a process that ends runs no further line. */
export class Ended extends Error {}

export const USER = 1000;

/** The host, and the lines of what was done. */
export function fakeHost(fakes: Fakes = {}): { host: Host; done: string[]; files: Map<string, FakeFile> } {
  const done: string[] = [];
  const files = new Map(Object.entries(fakes.files ?? {}));
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
  const refuse = (path: string): void => {
    const error = fakes.broken?.[folderOf(path)];
    const room = [...files.keys()].every((file) => !file.includes(".dead"));
    if (error !== undefined && !(room && error.includes("until there is room"))) {
      throw Object.assign(new Error(`${error}, open '${path}'`), { code: error.split(":", 1)[0] });
    }
  };
  const refuseReading = (path: string): void => {
    if (fakes.unreadable?.includes(path) !== true) return;
    throw Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: "EACCES" });
  };
  const host: Host = {
    system: fakes.system ?? "linux",
    arch: fakes.arch ?? "x64",
    nodeVersion: fakes.nodeVersion ?? "v24.0.0",
    env: () => fakes.env ?? { AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001" },
    variable: (name) => host.env()[name],
    setVariable: (name, value) => void done.push(`set ${name}=${value}`),
    user: () => USER,
    isMainThread: () => fakes.mainThread ?? true,
    hasExecve: () => fakes.execve ?? true,
    moduleFolder: () => fakes.moduleFolder,
    facts(path) {
      if (fakes.closed?.includes(folderOf(path)) === true) throw new Error(`EACCES: permission denied, stat '${path}'`);
      const file = files.get(path);
      if (file === undefined) return undefined;
      return {
        kind: file.kind ?? "file",
        size: file.size ?? file.content?.length ?? 0,
        mode: file.mode ?? 0o755,
        owner: file.owner ?? USER,
      };
    },
    mayExecute: (path) => !fakes.noexec?.includes(folderOf(path)) && ((files.get(path)?.mode ?? 0o755) & 0o111) !== 0,
    head(path) {
      refuseReading(path);
      const head = new Uint8Array(20);
      head.set([0x7f, 0x45, 0x4c, 0x46, 2]);
      head[18] = fakes.machine ?? 62;
      return head;
    },
    sha256(path) {
      refuseReading(path);
      return `hash of ${files.get(path)?.content ?? ""}`;
    },
    uniqueWord: () => "new",
    removeLeftovers(path) {
      const left = [...files.keys()].filter((file) => file.startsWith(`${path}.dead`));
      for (const file of left) host.remove(file);
      return left.length > 0;
    },
    create(path, mode) {
      refuse(path);
      done.push(`create ${path}`);
      return fakeOutput(path, mode & ~(fakes.umask ?? 0o022), files, done);
    },
    copy(from, to) {
      refuseReading(from);
      refuse(to);
      done.push(`copy ${from} to ${to}`);
      files.set(to, { ...files.get(from), owner: USER });
    },
    setMode(path, mode) {
      done.push(`mode ${mode.toString(8)} ${path}`);
      files.set(path, { ...files.get(path), mode });
    },
    rename(from, to) {
      done.push(`rename ${from} to ${to}`);
      files.set(to, files.get(from) ?? {});
      files.delete(from);
    },
    remove(path) {
      if (files.delete(path)) done.push(`remove ${path}`);
    },
    stackLimit: () => fakes.stackLimit ?? 8388608,
    base64(path) {
      refuseReading(path);
      return `base64 of ${path}`;
    },
    callLibrary(addon, path) {
      done.push(`library ${path} by ${"file" in addon ? addon.file : `${addon.base64} in ${addon.folder}`}`);
      return fakes.libraryEnd ?? { status: 0 };
    },
    execByStub(stub, path) {
      done.push(`stub ${"file" in stub ? stub.file : `${stub.base64} in ${stub.folder}`} for ${path}`);
      if (fakes.stubError !== undefined) return fakes.stubError;
      throw new Ended();
    },
    execve(path) {
      done.push(`execve ${path}`);
      if (fakes.execveError !== undefined) return fakes.execveError;
      throw new Ended();
    },
    spawn(path) {
      done.push(`spawn ${path}`);
      if (fakes.spawnError !== undefined) return { refused: fakes.spawnError };
      return fakes.childEnd ?? { status: 0 };
    },
    exit(status) {
      done.push(`exit ${status}`);
      throw new Ended();
    },
    dieBy(signal) {
      done.push(`die by ${signal}`);
      throw new Ended();
    },
    log: (line) => void done.push(`log ${line}`),
    raise(error) {
      throw error;
    },
  };
  return { host, done, files };
}

function fakeOutput(path: string, mode: number, files: Map<string, FakeFile>, done: string[]): Output {
  let content = "";
  files.set(path, { content, mode });
  const store = (): void => void files.set(path, { content, mode });
  return {
    appendBase64(text) {
      const decoded = Buffer.from(text, "base64").toString("latin1");
      content += decoded;
      store();
      return decoded.length;
    },
    restart() {
      content = "";
      store();
    },
    close: () => void done.push(`close ${path}`),
  };
}
