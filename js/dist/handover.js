/**
 * Hands the process over to an installed program. Does not return.
 */
import { ELF_HEAD_LENGTH, elfMachine } from "./elf.js";
import { TrapError, systemReason } from "./errors.js";
/** Longest `NAME=value` in bytes that Linux passes to a new program, its final zero included. */
const LONGEST_VARIABLE = 131072;
/**
 * Throws `TRAP_PAYLOAD_DAMAGED` unless the file is a program for this machine. A failed `process.execve`
 * aborts Node before version 26 and cannot be caught, so what can be known is checked beforehand.
 */
export function requireProgram(path, host) {
    const machine = elfMachine(host.head(path, ELF_HEAD_LENGTH));
    if (machine === host.arch)
        return;
    throw new TrapError("TRAP_PAYLOAD_DAMAGED", `\`${path}\` cannot run here: this host is ${host.arch} and the file is ${machine}`, `build again with \`cargo trap build --arch ${host.arch}\` and deploy the artifact unchanged`);
}
/**
 * Gives the process to the program at `path`: its arguments are its own path alone.
 * Throws `TRAP_START_FAILED` when the system refuses.
 */
export function handOver(choice, path, host) {
    const env = host.env();
    if (choice.takeover === "exec") {
        try {
            host.execve(path, env);
        }
        catch (error) {
            throw startFailed(path, error);
        }
    }
    let end;
    try {
        end = host.spawn(path, env);
    }
    catch (error) {
        throw startFailed(path, error);
    }
    // Returning would leave a host that looks healthy and cannot answer: it ends as the program did.
    if ("signal" in end)
        host.dieBy(end.signal);
    host.exit(end.status);
}
/** The name of a variable that Linux would refuse to pass on, or `undefined`. */
export function oversizedVariable(env) {
    return Object.keys(env).find((name) => {
        const text = `${name}=${env[name] ?? ""}`;
        // A UTF-16 unit takes at most 3 bytes: count exactly only where it could matter.
        return text.length * 3 >= LONGEST_VARIABLE && utf8Length(text) >= LONGEST_VARIABLE;
    });
}
/** Bytes that a text takes in UTF-8. */
function utf8Length(text) {
    let bytes = 0;
    for (const character of text) {
        const point = character.codePointAt(0) ?? 0;
        bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    }
    return bytes;
}
function startFailed(path, error) {
    return new TrapError("TRAP_START_FAILED", `the system does not start \`${path}\`: ${systemReason(error)}`, "check that the host lets functions start programs (Node's --permission, seccomp, memory, size of the environment)");
}
