/**
 * Finds the file of a `file` payload: it lies in the `trap/` folder of the artifact, but bundlers move
 * the module that runs, so the folder is looked for around it.
 */
import { TrapError, systemReason } from "./errors.js";

/** Where the file may lie, best first: with the handler's module, which is this one or its bundle; with this one, which V8 takes 0.3 ms to tell; with all code. */
const PLACES = [handlerFolder, (host) => host.moduleFolder(), taskRoot];

/**
 * The path of the payload file, which has the right size.
 * Throws `TRAP_PAYLOAD_MISSING` or `TRAP_PAYLOAD_DAMAGED`, naming what was tried.
 */
export function locate(name, file, program, host) {
    const seen = [];
    const tried = [];
    let found = false;
    for (const place of PLACES) {
        const folder = place(host);
        if (folder === undefined || folder === "" || seen.includes(folder))
            continue;
        seen.push(folder);
        const base = folder.endsWith("/") ? folder : `${folder}/`;
        for (const path of [`${base}trap/${file}`, base + file]) {
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
    }
    const list = tried.length > 0 ? tried.join("; ") : "no folder: the place of the running module is unknown";
    if (found) {
        throw new TrapError("TRAP_PAYLOAD_DAMAGED", `the payload file of \`${name}\` is not the one that was built; tried ${list}`, "deploy the `trap` folder of one `cargo trap build`, complete and unchanged");
    }
    throw new TrapError("TRAP_PAYLOAD_MISSING", `the payload file of \`${name}\` is not there; tried ${list}`, "deploy the `trap` folder beside the module, or build with `cargo trap build --payload base64`");
}

/** The folder of the handler's module: Lambda says `folder/module.export`, from the task root. */
function handlerFolder(host) {
    const root = taskRoot(host);
    const handler = host.variable("_HANDLER") ?? "";
    const end = handler.lastIndexOf("/");
    return root === undefined || end < 0 ? root : `${root}/${handler.slice(0, end)}`;
}

/** The folder that all deployed code lies in. */
function taskRoot(host) {
    return host.variable("LAMBDA_TASK_ROOT");
}
