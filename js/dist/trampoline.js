/**
 * Puts the program on disk and hands the process over to it. Everything outside this module's memory
 * goes through {@link Host}.
 */
import { choose, roleIn } from "./choose.js";
import { decode } from "./decode.js";
import { TrapError } from "./errors.js";
import { handOver, requireProgram } from "./handover.js";
import { copyOf, install, newFile, requireHash } from "./install.js";
import { locate } from "./locate.js";
import { nodeHost } from "./node-host.js";

/**
 * Starts the program of `payload` in place of this Node process where the host polls for events. Returns where it
 * pushes them: the standby then feeds the program by way of `bridge`. Throws a {@link TrapError} for every failure before the hand-over.
 *
 * A child's status becomes the host's, the signal that killed it too; 255 stands for one that Node cannot name.
 * In a worker thread the program is always a child, and the thread ends with its status (128 + n after
 * signal n): what that means for the process is up to whoever started the thread.
 *
 * Reads `AWS_LAMBDA_RUNTIME_API` (the host polls), `AWS_LAMBDA_MAX_CONCURRENCY` (for several events at once),
 * `TRAP_DIR` (first folder to install to), `TRAP_VERIFY=1` (check the program's hash) and `TRAP_LOG=debug` (one
 * line on stderr: what and why); for a bridge also `TRAP_PROGRAMS`, `TRAP_WAITING` and `TRAP_TIMEOUT`.
 */
export function start(payload, options, bridge, host = nodeHost()) {
    // lap: construct
    try {
        const isDebug = host.variable("TRAP_LOG") === "debug";
        const log = (text) => {
            if (isDebug)
                host.log(`trap: ${payload.name}: ${text}`);
        };
        const carried = payload.programs[host.arch];
        const situation = {
            asked: options.takeover,
            system: host.system,
            arch: host.arch,
            nodeVersion: host.nodeVersion,
            mainThread: host.isMainThread(),
            stub: carried?.stub !== undefined,
            addon: carried?.addon !== undefined,
            execve: host.hasExecve(),
            polls: Boolean(host.variable("AWS_LAMBDA_RUNTIME_API")),
            concurrent: Boolean(host.variable("AWS_LAMBDA_MAX_CONCURRENCY")),
            snapStart: host.variable("AWS_LAMBDA_INITIALIZATION_TYPE") === "snap-start",
            port: options.port,
            serves: carried?.serves === true,
        };
        const chosen = roleIn(situation);
        if (chosen.role === "none" || (chosen.role === "bridge" && bridge === undefined)) {
            log("standby, because AWS_LAMBDA_RUNTIME_API is not set");
            return new Refusal(payload.name, options.takeover, host);
        }
        const verify = host.variable("TRAP_VERIFY") === "1";
        if (chosen.role === "bridge" && bridge !== undefined) {
            log(`bridge, because ${chosen.why}`);
            const install = () => place(payload.name, programFor(payload, host), verify, host).path;
            return bridge({ name: payload.name, place: install, timeout: options.timeout }, host);
        }
        // Without a program for this machine there is nothing to choose.
        const program = programFor(payload, host);
        const choice = choose(situation, chosen);
        const installed = place(payload.name, program, verify, host);
        if (isDebug)
            log(describe(choice, installed, host));
        if (choice.role === "port")
            offerPort(options.port ?? "PORT", host);
        return handOver(choice, installed, host, log);
    }
    catch (error) {
        return host.raise(error);
    }
}

/** Tells the program where to serve: platforms reach it from outside, so loopback alone is not enough. */
function offerPort(variable, host) {
    const port = host.variable(variable);
    if (port !== undefined)
        host.setVariable("PORT", port);
    if (host.variable("TRAP_HOST") === undefined)
        host.setVariable("TRAP_HOST", "0.0.0.0");
}

/** What is left where a takeover was forced that this host cannot give: every event is refused with the reason. */
class Refusal {
    #name;
    #asked;
    #host;
    constructor(name, asked, host) {
        this.#name = name;
        this.#asked = asked;
        this.#host = host;
    }
    async handle() {
        return this.#host.raise(new TrapError("TRAP_NO_RUNTIME_API", `\`${this.#name}\` was not started: AWS_LAMBDA_RUNTIME_API is not set, so this host does not poll Lambda's Runtime API, and takeover \`${this.#asked}\` was forced at build time`, "build with `cargo trap build --takeover auto`, which serves hosts that push events too"));
    }
    http() {
        return this.handle();
    }
}

/** The program for this host. Throws `TRAP_WRONG_SYSTEM` or `TRAP_WRONG_ARCH`. */
function programFor(payload, host) {
    const system = payload.system ?? "linux";
    if (host.system !== system) {
        throw new TrapError("TRAP_WRONG_SYSTEM", `this host runs ${host.system}, and \`${payload.name}\` was built for ${system}`, "deploy to a host that runs Linux, or try the program on this machine with `cargo trap invoke`");
    }
    const program = payload.programs[host.arch];
    if (program !== undefined)
        return program;
    const carried = Object.keys(payload.programs).join(" and ") || "no program";
    const known = host.arch === "arm64" || host.arch === "x64";
    throw new TrapError("TRAP_WRONG_ARCH", `this host is ${host.arch}, and the payload of \`${payload.name}\` has ${carried}`, known
        ? `build with \`cargo trap build --arch ${host.arch}\` (or \`--arch both\`), or choose ${carried} in the settings of the platform`
        : `choose ${carried} in the settings of the platform`);
}

/** Brings the program to a path where it can be executed, and says where its stub is. */
function place(name, program, verify, host) {
    const { base64, file } = program;
    if (file !== undefined) {
        const path = locate(name, file, program, host);
        const companions = companionsOf(program, path);
        if (verify)
            requireHash(path, name, program, host);
        if (host.mayExecute(path)) {
            // lap: prepare
            return { path, ...companions, origin: "file in place", skipped: [] };
        }
        try {
            const installed = install(name, program, copyOf(path, host), verify, host);
            return { ...installed, ...companions, addon: besideCopy(companions.addon, installed.path, host) };
        }
        catch (error) {
            // A payload that cannot be read is not the fault of the folders it could be copied to.
            if (host.system === "linux")
                requireProgram(path, host);
            throw error;
        }
    }
    if (base64 === undefined) {
        throw new TrapError("TRAP_PAYLOAD_MISSING", `the payload of \`${name}\` carries neither \`base64\` nor \`file\` for ${host.arch}`, "build the artifact again with `cargo trap build`");
    }
    const write = newFile(host, (output) => decode(name, program, base64, output));
    const installed = install(name, program, write, verify, host);
    return { ...installed, ...companionsOf(program, installed.path) };
}

/** Where a library cannot be loaded an addon cannot either: it goes with the copy. A stub that cannot be is left out. */
function besideCopy(addon, path, host) {
    if (addon === undefined || !("file" in addon))
        return addon;
    return { base64: host.base64(addon.file), folder: path.slice(0, path.lastIndexOf("/")) };
}

/** The file of a stub or an addon lies beside the program's; one that is text can go where the program could. */
function companionsOf({ stub, addon }, path) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    const place = (companion) => {
        if (companion === undefined)
            return undefined;
        return "file" in companion ? { file: `${folder}/${companion.file}` } : { base64: companion.base64, folder };
    };
    return { stub: place(stub), addon: place(addon) };
}

/** The debug line: which takeover and why, and where the program is. */
function describe(choice, installed, host) {
    const skipped = installed.skipped.map((folder) => `; skipped ${folder}`).join("");
    const where = `${installed.path} (${host.arch}; payload: ${installed.origin}${skipped})`;
    const role = choice.role === "port" ? "port by " : "";
    return `${role}${choice.takeovers[0]}, because ${choice.reason}; program ${where}`;
}
