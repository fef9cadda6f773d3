/**
 * Gives this process to a library: an addon loads it and calls its `trap`, which polls for events here.
 */
import { libraryUnavailable } from "./choose.js";
import { TrapError, systemCode } from "./errors.js";

/** What to do about each failure that the addon tells. */
const LIBRARY_ADVICE = {
    TRAP_LIBRARY_MISSING: "deploy the artifact complete and unchanged, and leave the folder alone that it is copied to",
    TRAP_LIBRARY_WRONG_ARCH: "build again with `cargo trap build --arch` for this host, and deploy the artifact unchanged",
    TRAP_LIBRARY_UNRESOLVED: "build again with `cargo trap build`, which links against what the platform has; this host has less",
    TRAP_LIBRARY_NO_ENTRY: "add `trap_runtime::library!(router);` to the library, and build again with `cargo trap build`",
    TRAP_LIBRARY_UNUSABLE: "check that files in this folder may be executed (mounted noexec?), and deploy the artifact unchanged",
};

/** Returns only what stood in the way. When the library returns, the host ends with the status that it gave. */
export function callLibrary({ path, addon }, host) {
    if (addon === undefined)
        return libraryUnavailable("the payload has no addon");
    const end = host.callLibrary(addon, path);
    // Going on would leave a host that looks healthy and cannot answer.
    if (!("refused" in end))
        return host.exit(end.status);
    const { refused } = end;
    const [what = ""] = (refused instanceof Error ? refused.message : String(refused)).split("\n", 1);
    const code = systemCode(refused);
    const advice = LIBRARY_ADVICE[code];
    return advice === undefined ? libraryUnavailable(`the addon cannot be loaded: ${what}`) : new TrapError(code, what, advice);
}
