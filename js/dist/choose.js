/**
 * Decides how the program gets control. Pure: it is told what the host is and returns a choice with its reason.
 */
import { TrapError } from "./errors.js";

/** What each request allows, best first. A stub needs 1.5 ms less than Node's own `process.execve`. */
const ALLOWED = {
    auto: ["exec:stub", "exec:execve", "spawn"],
    port: ["exec:stub", "exec:execve", "spawn"],
    exec: ["exec:stub", "exec:execve"],
    "exec:stub": ["exec:stub"],
    "exec:execve": ["exec:execve"],
    spawn: ["spawn"],
    library: ["library"],
};

const FORCED = "it was forced at build time";

/**
 * Picks the takeovers for a role that wants one. Throws `TRAP_EXEC_UNAVAILABLE` when `exec` was forced and cannot be had,
 * and `TRAP_LIBRARY_UNAVAILABLE` when a library cannot be loaded.
 */
export function choose(situation, { role, why }) {
    const { asked } = situation;
    if (role === "bridge" || role === "none" || asked === "bridge")
        return { asked, role, takeovers: [], reason: why };
    const takeovers = [];
    let obstacles = "";
    for (const takeover of ALLOWED[asked]) {
        const obstacle = takeover === "spawn" ? undefined : obstacleTo(takeover, situation);
        if (obstacle === undefined)
            takeovers.push(takeover);
        else if (!obstacles.includes(obstacle))
            obstacles += obstacle + ", and ";
    }
    const obstacle = obstacles.slice(0, -", and ".length);
    if (takeovers.length === 0)
        throw asked === "library" ? libraryUnavailable(obstacle) : execUnavailable(asked, obstacle);
    if (asked !== "auto")
        return { asked, role, takeovers, reason: why };
    const found = takeovers[0] === "spawn" ? obstacle : `${obstacles}this is the main thread of Node`;
    return { asked, role, takeovers, reason: why === "" ? found : `${why}, and ${found}` };
}

/** The role, and what speaks for it. */
export function roleIn({ asked, polls, concurrent, snapStart, mainThread, port, serves }) {
    if (asked === "bridge" || asked === "port")
        return { role: asked, why: FORCED };
    if (port !== undefined) {
        if (asked !== "auto")
            return { role: "port", why: FORCED };
        if (serves)
            return { role: "port", why: `the program serves HTTP on ${port} itself` };
        return { role: "bridge", why: `the program does not serve HTTP on ${port} itself` };
    }
    if (asked !== "auto")
        return { role: polls ? "poll" : "none", why: FORCED };
    if (!polls)
        return { role: "bridge", why: "AWS_LAMBDA_RUNTIME_API is not set, so this host pushes events" };
    // One program in each thread would answer fewer events at once than the host lets in.
    if (concurrent && !mainThread) {
        return { role: "bridge", why: "AWS_LAMBDA_MAX_CONCURRENCY is set and this is a worker thread" };
    }
    return { role: "poll", why: snapStart ? "this start is for a snapshot, which is the program's to end" : "" };
}

/** The error for a forced takeover that something stands in the way of. */
export function execUnavailable(asked, obstacle, advice) {
    return new TrapError("TRAP_EXEC_UNAVAILABLE", `takeover \`${asked}\` was forced at build time, but ${obstacle}`, advice ?? "build with `cargo trap build --takeover auto`, which takes what the host can do");
}

/** The error for a library where something stands in the way of loading it. */
export function libraryUnavailable(obstacle) {
    return new TrapError("TRAP_LIBRARY_UNAVAILABLE", `a library was packaged for this host to load, but ${obstacle}`, "build a program in its place: `cargo trap build --takeover auto`, with `--bin` where the crate has one");
}

/** Why this process cannot be replaced, or given a library; `undefined` when it can. */
function obstacleTo(means, situation) {
    const { system, arch, nodeVersion, mainThread, stub, addon, execve } = situation;
    if (system !== "linux")
        return `the host runs ${system}, not linux`;
    // A stub would end the whole host there without a word, and a library could not be stopped.
    if (!mainThread)
        return "the module runs in a worker thread";
    if (means === "library")
        return addon ? undefined : `the payload has no addon for ${arch}`;
    if (means === "exec:stub")
        return stub ? undefined : `the payload has no stub for ${arch}`;
    return execve ? undefined : `Node ${nodeVersion} has no process.execve (22.15 and later have it)`;
}
