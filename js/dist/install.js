/**
 * Puts a program on disk, named by its content, where this process can execute it.
 *
 * Nothing is executed that was not written completely: the program is written under a temporary name,
 * closed, and renamed. A second start reuses the file after it has looked at it; two starts at once each
 * write their own and the later rename wins, which changes nothing because both are the same.
 */
import { TrapError, systemReason } from "./errors.js";

/** Permission bits of an installed program. */
const EXECUTABLE = 0o755;

/** Permission bits that let somebody else than the owner write. */
const WRITABLE_BY_OTHERS = 0o022;

/** Folders to try, best first. */
export function installFolders(asked) {
    const folders = ["/tmp", "/dev/shm"];
    return asked === undefined || asked === "" ? folders : [asked, ...folders.filter((folder) => folder !== asked)];
}

/**
 * Installs the program in the first folder that can hold and execute it, or finds it there.
 * Throws `TRAP_NO_FOLDER`, which names every folder with its reason, and `TRAP_PAYLOAD_DAMAGED`.
 */
export function install(name, program, write, verify, host) {
    const skipped = [];
    for (const folder of installFolders(host.variable("TRAP_DIR"))) {
        const path = `${folder.replace(/\/+$/, "")}/trap-${program.sha256.slice(0, 16)}`;
        try {
            const origin = installAt(path, name, program, write, verify, host);
            return { path, origin, skipped };
        }
        catch (error) {
            if (error instanceof TrapError)
                throw error;
            skipped.push(`${folder}: ${systemReason(error)}`);
        }
    }
    throw new TrapError("TRAP_NO_FOLDER", `no folder can hold and execute \`${name}\` (${program.size} bytes); tried ${skipped.join("; ")}`, "set TRAP_DIR to a folder where this process may write and execute files, or make room in one of these");
}

/** Installs at one path. Throws an error of the system, or one that reads like it. */
function installAt(path, name, program, write, verify, host) {
    if (!path.startsWith("/"))
        throw new Error("is not an absolute path");
    const present = host.facts(path, "keep");
    if (present !== undefined) {
        // A file cannot replace a directory, so do not even write one.
        if (present.kind === "directory")
            throw new Error(`a directory is in the way at ${path}`);
        if (isOurs(present, program, host) && (!verify || host.sha256(path) === program.sha256)) {
            requireExecutable(path, host);
            // lap: prepare
            return "already installed";
        }
    }
    // Only here, where a program is about to be written: a warm start has nothing to clean up. Containers that
    // share the folder but not their process ids may take each other's file for a leftover: the start that
    // loses its file goes on with the next folder.
    host.removeLeftovers(path);
    const temporary = `${path}.${host.uniqueWord()}`;
    try {
        // lap: prepare
        const origin = write(temporary);
        requireExecutable(temporary, host);
        if (verify)
            requireHash(temporary, name, program, host);
        host.rename(temporary, path);
        return origin;
    }
    catch (error) {
        host.remove(temporary);
        throw error;
    }
}

/** Whether a file was put there by an earlier start, and by nobody else. */
function isOurs(facts, program, host) {
    return (facts.kind === "file" &&
        facts.size === program.size &&
        facts.owner === (host.user ?? facts.owner) &&
        (facts.mode & WRITABLE_BY_OTHERS) === 0 &&
        (facts.mode & EXECUTABLE) === EXECUTABLE);
}

/** Throws `TRAP_PAYLOAD_DAMAGED` unless the file has the hash of the program that was built. */
export function requireHash(path, name, program, host) {
    let found;
    try {
        found = host.sha256(path);
    }
    catch (error) {
        throw new TrapError("TRAP_PAYLOAD_DAMAGED", `the payload of \`${name}\` cannot be compared with its SHA-256: \`${path}\`: ${systemReason(error)}`, "deploy the artifact such that the user of the host may read it, or do not set TRAP_VERIFY");
    }
    if (found === program.sha256)
        return;
    throw new TrapError("TRAP_PAYLOAD_DAMAGED", `the payload of \`${name}\` is damaged: its SHA-256 is ${found} instead of ${program.sha256}`, "build the artifact again with `cargo trap build` and deploy it unchanged");
}

/** Throws unless the file can be executed where it lies. The permission bits are right by now. */
function requireExecutable(path, host) {
    if (!host.mayExecute(path))
        throw new Error("files in it cannot be executed (mounted noexec?)");
}

/** A writer for a base64 payload: `decode` fills the new file. */
export function newFile(host, fill) {
    return (temporary) => {
        const output = host.create(temporary);
        try {
            const origin = fill(output);
            output.setMode(EXECUTABLE);
            return origin;
        }
        finally {
            output.close();
        }
    };
}

/** A writer for a file payload that cannot be executed where it lies. */
export function copyOf(file, host) {
    return (temporary) => {
        host.copy(file, temporary, EXECUTABLE);
        return "copied file";
    };
}
