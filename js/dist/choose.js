/**
 * Decides how the program gets control. Pure: it is told what the host is and returns a choice with its reason.
 */
import { TrapError } from "./errors.js";

/** Picks the takeover. Throws `TRAP_EXEC_UNAVAILABLE` when `exec` was forced and cannot be had. */
export function choose(situation) {
    if (situation.asked === "spawn")
        return { takeover: "spawn", reason: "it was forced at build time" };
    const obstacle = execObstacle(situation);
    if (situation.asked === "exec") {
        if (obstacle === undefined)
            return { takeover: "exec", reason: "it was forced at build time" };
        throw new TrapError("TRAP_EXEC_UNAVAILABLE", `takeover \`exec\` was forced at build time, but ${obstacle}`, "build with `cargo trap build --takeover auto`, which falls back to `spawn`");
    }
    if (obstacle !== undefined)
        return { takeover: "spawn", reason: obstacle };
    return { takeover: "exec", reason: "this is the main thread of a Node that has process.execve" };
}

/** Why `exec` cannot work here, or `undefined` when it can. */
function execObstacle(situation) {
    if (situation.system !== "linux")
        return `the host runs ${situation.system}, not linux`;
    if (!situation.mainThread)
        return "the module runs in a worker thread";
    if (!situation.execve)
        return `Node ${situation.nodeVersion} has no process.execve (22.15 and later have it)`;
    return undefined;
}
