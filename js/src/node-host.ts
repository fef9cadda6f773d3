/**
 * The real host. The only module that reaches for Node's builtin modules; it takes them from
 * `process.getBuiltinModule` when they are needed, because importing `node:fs` alone costs a start
 * 1 to 3 ms, and CommonJS and ES modules import differently.
 */

import { TrapError, isTrapError, systemCode } from "./errors.js";
import type { TrapCode } from "./errors.js";
import type { ChildEnd, FileFacts, Host, Output, Refused, StubPlace } from "./host.js";
import { moduleFolder } from "./module-folder.js";
import type {
  NodeChildProcess,
  NodeCrypto,
  NodeFileSystem,
  NodeGlobal,
  NodeOs,
  NodeProcess,
  NodeStats,
  NodeVm,
} from "./node-types.js";

/** Largest number of bytes decoded at once: 64 KiB of base64. */
const DECODED_CHUNK = 49152;

/** How the host ends when its child died of a signal that Node cannot name (real-time signals). */
const UNNAMED_SIGNAL = 255;

/** The variable that tells the stub which program to execute; it takes it out of the environment again. */
const STUB_VARIABLE = "TRAP_EXEC";

/** Takes the class of an error and what its constructor wants, and throws it. */
const RAISE = "throw new Kind(code, what, advice);";

/** The Node process this module runs in. Throws `TRAP_NODE_TOO_OLD` when it lacks what every start needs. */
export function nodeHost(): Host {
  const { process } = globalThis as unknown as NodeGlobal;
  if (process?.getBuiltinModule === undefined) {
    const what = `this host is ${process === undefined ? "not Node" : `Node ${process.version}`}`;
    return raiseWithoutNode(
      "TRAP_NODE_TOO_OLD",
      `${what}, without process.getBuiltinModule`,
      "choose Node 20.16, 22.3 or later in the settings of the platform",
    );
  }
  return new NodeHost(process);
}

/** {@link Host.raise} where there is no `node:vm`. */
function raiseWithoutNode(code: TrapCode, what: string, advice: string): never {
  let raise;
  try {
    raise = new Function("Kind", "code", "what", "advice", `${RAISE}\n//# sourceURL=trap-host`);
  } catch {
    // The host does not let text become code: better a long line than another error.
    throw new TrapError(code, what, advice);
  }
  return raise(TrapError, code, what, advice) as never;
}

class NodeHost implements Host {
  readonly system: string;
  readonly arch: string;
  readonly nodeVersion: string;
  readonly #process: NodeProcess;
  readonly #fs: NodeFileSystem;

  constructor(process: NodeProcess) {
    this.system = process.platform;
    this.arch = process.arch;
    this.nodeVersion = process.version;
    this.#process = process;
    this.#fs = this.#builtin<NodeFileSystem>("fs");
  }

  #builtin<Module>(name: string): Module {
    return this.#process.getBuiltinModule?.(`node:${name}`) as Module;
  }

  env(): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#process.env)) {
      if (typeof value === "string") texts[name] = value;
    }
    return texts;
  }

  variable(name: string): string | undefined {
    return this.#process.env[name];
  }

  setVariable(name: string, value: string): void {
    this.#process.env[name] = value;
  }

  user(): number | undefined {
    // Files belong to the effective user.
    return this.#process.geteuid?.();
  }

  isMainThread(): boolean {
    // `node:worker_threads` would know, but loading it takes longer than everything else here. Changing
    // to the current folder changes nothing, and is refused with this code in a worker thread alone.
    try {
      this.#process.chdir(".");
    } catch (error) {
      return systemCode(error) !== "ERR_WORKER_UNSUPPORTED_OPERATION";
    }
    return true;
  }

  hasExecve(): boolean {
    return typeof this.#process.execve === "function";
  }

  moduleFolder(): string | undefined {
    return moduleFolder();
  }

  facts(path: string, links: "keep" | "follow"): FileFacts | undefined {
    const stats =
      links === "keep"
        ? this.#fs.lstatSync(path, { throwIfNoEntry: false })
        : this.#fs.statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    return { kind: kindOf(stats), size: stats.size, mode: stats.mode & 0o7777, owner: stats.uid };
  }

  mayExecute(path: string): boolean {
    const X_OK = 1;
    try {
      this.#fs.accessSync(path, X_OK);
    } catch {
      return false;
    }
    return true;
  }

  head(path: string, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    const file = this.#fs.openSync(path, "r");
    try {
      return bytes.subarray(0, this.#fs.readSync(file, bytes, 0, length, 0));
    } finally {
      this.#fs.closeSync(file);
    }
  }

  base64(path: string): string {
    return this.#fs.readFileSync(path).toString("base64");
  }

  sha256(path: string): string {
    const hash = this.#builtin<NodeCrypto>("crypto").createHash("sha256");
    return hash.update(this.#fs.readFileSync(path)).digest("hex");
  }

  uniqueWord(): string {
    // The process id alone is not enough: containers that share a folder may use the same ones.
    return `${this.#process.pid}-${Math.random().toString(36).slice(2, 12)}`;
  }

  removeLeftovers(path: string): boolean {
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    let removed = false;
    try {
      for (const name of this.#fs.readdirSync(folder)) {
        const file = folder + name;
        if (file.startsWith(`${path}.`) && this.#isLeftover(file, parseInt(file.slice(path.length + 1), 10))) {
          this.remove(file);
          removed = true;
        }
      }
    } catch {
      // The folder cannot be read: then nothing was removed, and the start goes on with the next.
    }
    return removed;
  }

  /** Whether a temporary file is this user's and the process `pid`, which made it, no longer runs. */
  #isLeftover(file: string, pid: number): boolean {
    const stats = this.#fs.lstatSync(file, { throwIfNoEntry: false });
    if (!(pid > 0) || stats?.isFile() !== true || stats.uid !== this.user()) return false;
    // The first process of a container has the same id again after a restart.
    if (pid === this.#process.pid) return stats.mtimeMs < Date.now() - 1000 * this.#process.uptime();
    try {
      this.#process.kill(pid, 0);
    } catch (error) {
      return systemCode(error) === "ESRCH";
    }
    return false;
  }

  create(path: string, mode: number): Output {
    return new NodeOutput(this.#fs, this.#fs.openSync(path, "wx", mode));
  }

  copy(from: string, to: string): void {
    const COPYFILE_EXCL = 1;
    this.#fs.copyFileSync(from, to, COPYFILE_EXCL);
    // lap: write
  }

  setMode(path: string, mode: number): void {
    this.#fs.chmodSync(path, mode);
  }

  rename(from: string, to: string): void {
    this.#fs.renameSync(from, to);
  }

  remove(path: string): void {
    try {
      this.#fs.unlinkSync(path);
    } catch {
      // It was never created, or the folder does not allow it: the error that led here says more.
    }
  }

  stackLimit(): number {
    try {
      const [, soft] = /^Max stack size +(\w+)/m.exec(this.#fs.readFileSync("/proc/self/limits").toString()) ?? [];
      return soft === "unlimited" ? Infinity : Number(soft ?? 0);
    } catch {
      return 0;
    }
  }

  execByStub(stub: StubPlace, path: string): unknown {
    const { env } = this.#process;
    env[STUB_VARIABLE] = path;
    try {
      this.#load(stub, { exports: {} });
    } catch (error) {
      return error;
    } finally {
      delete env[STUB_VARIABLE];
    }
    return undefined;
  }

  callLibrary(addon: StubPlace, path: string): { readonly status: number } | Refused {
    const module: { exports: { trap?: (path: string) => number } } = { exports: {} };
    try {
      this.#load(addon, module);
      return { status: module.exports.trap?.(path) ?? 1 };
    } catch (error) {
      return { refused: error };
    }
  }

  /** Loads native code. What is text gets a file without a name: it is gone with this process, whatever becomes of that. */
  #load(place: StubPlace, module: { exports: object }): void {
    if ("file" in place) return this.#dlopen(place.file, module);
    const { base64, folder } = place;
    const { Buffer } = globalThis as unknown as NodeGlobal;
    const path = `${folder}/trap-stub.${this.uniqueWord()}`;
    const file = this.#fs.openSync(path, "wx+", 0o700);
    try {
      this.#fs.unlinkSync(path);
      this.#fs.writeSync(file, Buffer.from(base64, "base64"));
      this.#dlopen(`/proc/self/fd/${file}`, module);
    } finally {
      this.#fs.closeSync(file);
    }
  }

  #dlopen(file: string, module: { exports: object }): void {
    // lap: hand-over
    this.#process.dlopen(module, file);
  }

  execve(path: string, env: Record<string, string>): unknown {
    this.#unblockStdio();
    // Node ignores these two, and a new program inherits what is ignored; what is listened to starts with
    // its default action. Should the system refuse, the listeners still keep the host from dying of them.
    for (const signal of ["SIGPIPE", "SIGXFSZ"]) this.#process.on(signal, () => undefined);
    try {
      // lap: hand-over
      this.#process.execve?.(path, [path], env);
    } catch (error) {
      return error;
    }
    return undefined;
  }

  spawn(path: string, env: Record<string, string>): ChildEnd | Refused {
    const { spawnSync } = this.#builtin<NodeChildProcess>("child_process");
    // lap: hand-over
    const end = spawnSync(path, [], { argv0: path, env, stdio: "inherit", windowsHide: true });
    if (end.error !== undefined) return { refused: end.error };
    if (end.signal === null) return { status: end.status ?? 1 };
    // Node has no name for real-time signals and says "" instead.
    return end.signal === "" ? { status: UNNAMED_SIGNAL } : { signal: end.signal };
  }

  exit(status: number): never {
    return this.#process.exit(status);
  }

  dieBy(signal: string): never {
    // In a worker thread there is no signal that ends the thread alone, and its status says the same.
    if (this.isMainThread()) {
      try {
        // Adding a listener and removing it again gives the signal its default action back, which also
        // holds for signals that Node itself ignores or handles.
        this.#process.on(signal, () => undefined);
        this.#process.removeAllListeners(signal);
      } catch {
        // SIGKILL and SIGSTOP cannot be listened to; they always have their default action.
      }
      this.#process.kill(this.#process.pid, signal);
    }
    // Still here: a worker thread, or the first process of a container, which signals do not end.
    const number = this.#builtin<NodeOs>("os").constants.signals[signal] ?? 0;
    return this.#process.exit(128 + number);
  }

  log(line: string): void {
    try {
      this.#fs.writeSync(2, `${line}\n`);
    } catch {
      // stderr is closed or its reader is slow: a line for debugging must not stop the start.
    }
  }

  raise(error: unknown): never {
    const known = isTrapError(error) ? error : unexpected(error);
    // Node prints the source line that threw an uncaught error. In a bundle with a payload that line has
    // megabytes, so the error is made and thrown in a script of its own.
    const raise = this.#builtin<NodeVm>("vm").runInThisContext(
      `(Kind, code, what, advice) => { ${RAISE} }`,
      { filename: "trap-host" },
    ) as (kind: typeof TrapError, code: string, what: string, advice: string) => never;
    return raise(TrapError, known.code, known.what, known.advice);
  }

  /**
   * Makes stdio blocking again where Node changed that: it does when JavaScript used `process.stdout` on
   * a pipe, and a program that prints would then fail when the reader is slow.
   */
  #unblockStdio(): void {
    const O_NONBLOCK = 0o4000;
    for (const [file, name] of (["stdin", "stdout", "stderr"] as const).entries()) {
      try {
        const info = this.#fs.readFileSync(`/proc/self/fdinfo/${file}`).toString();
        const flags = parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "0", 8);
        if ((flags & O_NONBLOCK) !== 0) this.#process[name]?._handle?.setBlocking?.(true);
      } catch {
        // Closed, or no /proc: the program gets it as it is.
      }
    }
  }
}

class NodeOutput implements Output {
  readonly #fs: NodeFileSystem;
  readonly #file: number;
  /** Where the next bytes go: a file that is cut off keeps its position otherwise. */
  #at = 0;
  readonly #buffer = (globalThis as unknown as NodeGlobal).Buffer.allocUnsafeSlow(DECODED_CHUNK);

  constructor(fs: NodeFileSystem, file: number) {
    this.#fs = fs;
    this.#file = file;
  }

  appendBase64(text: string): number {
    const length = this.#buffer.write(text, "base64");
    // lap: decode
    let written = 0;
    // A nearly full disk takes a part first and refuses the rest with the next call.
    while (written < length) {
      written += this.#fs.writeSync(this.#file, this.#buffer, written, length - written, this.#at + written);
    }
    // lap: write
    this.#at += length;
    return length;
  }

  restart(): void {
    this.#fs.ftruncateSync(this.#file, 0);
    this.#at = 0;
  }

  close(): void {
    this.#fs.closeSync(this.#file);
  }
}

function kindOf(stats: NodeStats): FileFacts["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "link" : "other";
}

function unexpected(error: unknown): TrapError {
  return new TrapError(
    "TRAP_UNEXPECTED",
    error instanceof Error ? error.message : String(error),
    "this is a bug of cargo-trap or a host it does not know: please report it with this message",
  );
}
