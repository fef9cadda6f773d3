/**
 * Finds the file of a `file` payload: it lies in the `trap/` folder of the artifact, but bundlers move
 * the module that runs, so the folder is looked for around it.
 */
import { TrapError, systemReason } from "./errors.js";

/** Paths where a payload file may lie, best first, without duplicates. */
export function payloadPaths(file, folders) {
    const paths = [];
    for (const folder of folders) {
        if (folder === undefined || folder === "")
            continue;
        const base = folder.replace(/\/+$/, "");
        for (const path of [`${base}/trap/${file}`, `${base}/${file}`]) {
            if (!paths.includes(path))
                paths.push(path);
        }
    }
    return paths;
}

/**
 * The path of the payload file, which has the right size.
 * Throws `TRAP_PAYLOAD_MISSING` or `TRAP_PAYLOAD_DAMAGED`, naming what was tried.
 */
export function locate(name, file, program, host) {
    const tried = [];
    let found = false;
    for (const path of payloadPaths(file, [host.moduleFolder(), host.variable("LAMBDA_TASK_ROOT")])) {
        let facts;
        try {
            facts = host.facts(path, "follow");
        }
        catch (error) {
            tried.push(`${path}: ${systemReason(error)}`);
            continue;
        }
        if (facts?.kind === "file" && facts.size === program.size)
            return path;
        found ||= facts?.kind === "file";
        if (facts === undefined)
            tried.push(`${path}: no such file`);
        else if (facts.kind === "file")
            tried.push(`${path}: ${facts.size} bytes instead of ${program.size}`);
        else
            tried.push(`${path}: not a regular file`);
    }
    const list = tried.length > 0 ? tried.join("; ") : "no folder: the place of the running module is unknown";
    if (found) {
        throw new TrapError("TRAP_PAYLOAD_DAMAGED", `the payload file of \`${name}\` is not the one that was built; tried ${list}`, "deploy the `trap` folder of one `cargo trap build`, complete and unchanged");
    }
    throw new TrapError("TRAP_PAYLOAD_MISSING", `the payload file of \`${name}\` is not there; tried ${list}`, "deploy the `trap` folder beside the module, or build with `cargo trap build --payload base64`");
}
