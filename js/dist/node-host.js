/**
 * The real host. The only module that reaches for Node's builtin modules; it takes them from
 * `process.getBuiltinModule` when they are needed, because importing `node:fs` alone costs a start
 * 1 to 3 ms, and CommonJS and ES modules import differently.
 */
import { TrapError, isTrapError, systemCode } from "./errors.js";
import { moduleFolder } from "./module-folder.js";

/** Largest number of bytes decoded at once: 64 KiB of base64. */
const DECODED_CHUNK = 49152;

/** How the host ends when its child died of a signal that Node cannot name (real-time signals). */
const UNNAMED_SIGNAL = 255;

/** The variable that tells the stub which program to execute; it takes it out of the environment again. */
const STUB_VARIABLE = "TRAP_EXEC";

/** Takes the class of an error and what its constructor wants, and throws it. */
const RAISE = "throw new Kind(code, what, advice);";

/** The Node process this module runs in. Throws `TRAP_NODE_TOO_OLD` when it lacks what every start needs. */
export function nodeHost() {
    const { process } = globalThis;
    if (process?.getBuiltinModule === undefined) {
        const what = `this host is ${process === undefined ? "not Node" : `Node ${process.version}`}`;
        return raiseWithoutNode("TRAP_NODE_TOO_OLD", `${what}, without process.getBuiltinModule`, "choose Node 20.16, 22.3 or later in the settings of the platform");
    }
    return new NodeHost(process);
}

/** {@link Host.raise} where there is no `node:vm`. */
function raiseWithoutNode(code, what, advice) {
    let raise;
    try {
        raise = new Function("Kind", "code", "what", "advice", `${RAISE}\n//# sourceURL=trap-host`);
    }
    catch {
        // The host does not let text become code: better a long line than another error.
        throw new TrapError(code, what, advice);
    }
    return raise(TrapError, code, what, advice);
}

class NodeHost {
    system;
    arch;
    nodeVersion;
    #process;
    #fs;
    constructor(process) {
        this.system = process.platform;
        this.arch = process.arch;
        this.nodeVersion = process.version;
        this.#process = process;
        this.#fs = this.#builtin("fs");
    }
    #builtin(name) {
        return this.#process.getBuiltinModule?.(`node:${name}`);
    }
    env() {
        const texts = {};
        for (const [name, value] of Object.entries(this.#process.env)) {
            if (typeof value === "string")
                texts[name] = value;
        }
        return texts;
    }
    variable(name) {
        return this.#process.env[name];
    }
    setVariable(name, value) {
        this.#process.env[name] = value;
    }
    user() {
        // Files belong to the effective user.
        return this.#process.geteuid?.();
    }
    isMainThread() {
        // `node:worker_threads` would know, but loading it takes longer than everything else here. Changing
        // to the current folder changes nothing, and is refused with this code in a worker thread alone.
        try {
            this.#process.chdir(".");
        }
        catch (error) {
            return systemCode(error) !== "ERR_WORKER_UNSUPPORTED_OPERATION";
        }
        return true;
    }
    hasExecve() {
        return typeof this.#process.execve === "function";
    }
    moduleFolder() {
        return moduleFolder();
    }
    facts(path, links) {
        const stats = links === "keep"
            ? this.#fs.lstatSync(path, { throwIfNoEntry: false })
            : this.#fs.statSync(path, { throwIfNoEntry: false });
        if (stats === undefined)
            return undefined;
        return { kind: kindOf(stats), size: stats.size, mode: stats.mode & 0o7777, owner: stats.uid };
    }
    mayExecute(path) {
        const X_OK = 1;
        try {
            this.#fs.accessSync(path, X_OK);
        }
        catch {
            return false;
        }
        return true;
    }
    head(path, length) {
        const bytes = new Uint8Array(length);
        const file = this.#fs.openSync(path, "r");
        try {
            return bytes.subarray(0, this.#fs.readSync(file, bytes, 0, length, 0));
        }
        finally {
            this.#fs.closeSync(file);
        }
    }
    base64(path) {
        return this.#fs.readFileSync(path).toString("base64");
    }
    sha256(path) {
        const hash = this.#builtin("crypto").createHash("sha256");
        return hash.update(this.#fs.readFileSync(path)).digest("hex");
    }
    uniqueWord() {
        // The process id alone is not enough: containers that share a folder may use the same ones.
        return `${this.#process.pid}-${Math.random().toString(36).slice(2, 12)}`;
    }
    removeLeftovers(path) {
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
        }
        catch {
            // The folder cannot be read: then nothing was removed, and the start goes on with the next.
        }
        return removed;
    }
    /** Whether a temporary file is this user's and the process `pid`, which made it, no longer runs. */
    #isLeftover(file, pid) {
        const stats = this.#fs.lstatSync(file, { throwIfNoEntry: false });
        if (!(pid > 0) || stats?.isFile() !== true || stats.uid !== this.user())
            return false;
        // The first process of a container has the same id again after a restart.
        if (pid === this.#process.pid)
            return stats.mtimeMs < Date.now() - 1000 * this.#process.uptime();
        try {
            this.#process.kill(pid, 0);
        }
        catch (error) {
            return systemCode(error) === "ESRCH";
        }
        return false;
    }
    create(path, mode) {
        return new NodeOutput(this.#fs, this.#fs.openSync(path, "wx", mode));
    }
    copy(from, to) {
        const COPYFILE_EXCL = 1;
        this.#fs.copyFileSync(from, to, COPYFILE_EXCL);
        // lap: write
    }
    setMode(path, mode) {
        this.#fs.chmodSync(path, mode);
    }
    rename(from, to) {
        this.#fs.renameSync(from, to);
    }
    remove(path) {
        try {
            this.#fs.unlinkSync(path);
        }
        catch {
            // It was never created, or the folder does not allow it: the error that led here says more.
        }
    }
    stackLimit() {
        try {
            const [, soft] = /^Max stack size +(\w+)/m.exec(this.#fs.readFileSync("/proc/self/limits").toString()) ?? [];
            return soft === "unlimited" ? Infinity : Number(soft ?? 0);
        }
        catch {
            return 0;
        }
    }
    execByStub(stub, path) {
        const { env } = this.#process;
        env[STUB_VARIABLE] = path;
        try {
            this.#load(stub, { exports: {} });
        }
        catch (error) {
            return error;
        }
        finally {
            delete env[STUB_VARIABLE];
        }
        return undefined;
    }
    callLibrary(addon, path) {
        const module = { exports: {} };
        try {
            this.#load(addon, module);
            return { status: module.exports.trap?.(path) ?? 1 };
        }
        catch (error) {
            return { refused: error };
        }
    }
    /** Loads native code. What is text gets a file without a name: it is gone with this process, whatever becomes of that. */
    #load(place, module) {
        if ("file" in place)
            return this.#dlopen(place.file, module);
        const { base64, folder } = place;
        const { Buffer } = globalThis;
        const path = `${folder}/trap-stub.${this.uniqueWord()}`;
        const file = this.#fs.openSync(path, "wx+", 0o700);
        try {
            this.#fs.unlinkSync(path);
            this.#fs.writeSync(file, Buffer.from(base64, "base64"));
            this.#dlopen(`/proc/self/fd/${file}`, module);
        }
        finally {
            this.#fs.closeSync(file);
        }
    }
    #dlopen(file, module) {
        // lap: hand-over
        this.#process.dlopen(module, file);
    }
    execve(path, env) {
        this.#unblockStdio();
        // Node ignores these two, and a new program inherits what is ignored; what is listened to starts with
        // its default action. Should the system refuse, the listeners still keep the host from dying of them.
        for (const signal of ["SIGPIPE", "SIGXFSZ"])
            this.#process.on(signal, () => undefined);
        try {
            // lap: hand-over
            this.#process.execve?.(path, [path], env);
        }
        catch (error) {
            return error;
        }
        return undefined;
    }
    spawn(path, env) {
        const { spawnSync } = this.#builtin("child_process");
        // lap: hand-over
        const end = spawnSync(path, [], { argv0: path, env, stdio: "inherit", windowsHide: true });
        if (end.error !== undefined)
            return { refused: end.error };
        if (end.signal === null)
            return { status: end.status ?? 1 };
        // Node has no name for real-time signals and says "" instead.
        return end.signal === "" ? { status: UNNAMED_SIGNAL } : { signal: end.signal };
    }
    exit(status) {
        return this.#process.exit(status);
    }
    dieBy(signal) {
        // In a worker thread there is no signal that ends the thread alone, and its status says the same.
        if (this.isMainThread()) {
            try {
                // Adding a listener and removing it again gives the signal its default action back, which also
                // holds for signals that Node itself ignores or handles.
                this.#process.on(signal, () => undefined);
                this.#process.removeAllListeners(signal);
            }
            catch {
                // SIGKILL and SIGSTOP cannot be listened to; they always have their default action.
            }
            this.#process.kill(this.#process.pid, signal);
        }
        // Still here: a worker thread, or the first process of a container, which signals do not end.
        const number = this.#builtin("os").constants.signals[signal] ?? 0;
        return this.#process.exit(128 + number);
    }
    log(line) {
        try {
            this.#fs.writeSync(2, `${line}\n`);
        }
        catch {
            // stderr is closed or its reader is slow: a line for debugging must not stop the start.
        }
    }
    raise(error) {
        const known = isTrapError(error) ? error : unexpected(error);
        // Node prints the source line that threw an uncaught error. In a bundle with a payload that line has
        // megabytes, so the error is made and thrown in a script of its own.
        const raise = this.#builtin("vm").runInThisContext(`(Kind, code, what, advice) => { ${RAISE} }`, { filename: "trap-host" });
        return raise(TrapError, known.code, known.what, known.advice);
    }
    /**
     * Makes stdio blocking again where Node changed that: it does when JavaScript used `process.stdout` on
     * a pipe, and a program that prints would then fail when the reader is slow.
     */
    #unblockStdio() {
        const O_NONBLOCK = 0o4000;
        for (const [file, name] of ["stdin", "stdout", "stderr"].entries()) {
            try {
                const info = this.#fs.readFileSync(`/proc/self/fdinfo/${file}`).toString();
                const flags = parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "0", 8);
                if ((flags & O_NONBLOCK) !== 0)
                    this.#process[name]?._handle?.setBlocking?.(true);
            }
            catch {
                // Closed, or no /proc: the program gets it as it is.
            }
        }
    }
}

class NodeOutput {
    #fs;
    #file;
    /** Where the next bytes go: a file that is cut off keeps its position otherwise. */
    #at = 0;
    #buffer = globalThis.Buffer.allocUnsafeSlow(DECODED_CHUNK);
    constructor(fs, file) {
        this.#fs = fs;
        this.#file = file;
    }
    appendBase64(text) {
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
    restart() {
        this.#fs.ftruncateSync(this.#file, 0);
        this.#at = 0;
    }
    close() {
        this.#fs.closeSync(this.#file);
    }
}

function kindOf(stats) {
    if (stats.isFile())
        return "file";
    if (stats.isDirectory())
        return "directory";
    return stats.isSymbolicLink() ? "link" : "other";
}

function unexpected(error) {
    return new TrapError("TRAP_UNEXPECTED", error instanceof Error ? error.message : String(error), "this is a bug of cargo-trap or a host it does not know: please report it with this message");
}
