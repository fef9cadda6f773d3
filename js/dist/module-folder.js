/**
 * Where the running module lies, in ESM as in CommonJS and whatever bundler wrote it: `import.meta` and
 * `__dirname` each exist in one of the two only, V8's call sites know the file in both.
 */

/** The folder of the file this code runs from, or `undefined` when V8 does not name one. */
export function moduleFolder() {
    const file = pathOfScript(runningFile());
    if (file === undefined)
        return undefined;
    const end = Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\"));
    return end < 0 ? undefined : file.slice(0, end);
}

/** A path from what V8 calls a file: a path, or a `file:` URL for an ES module. */
export function pathOfScript(name) {
    if (name === undefined || !name.startsWith("file://"))
        return name;
    const path = name.slice("file://".length).replace(/[?#].*$/, "");
    return decodeURIComponent(path).replace(/^\/([A-Za-z]:)/, "$1");
}

/** The file of the topmost call site, or `undefined` where the host does not let us ask V8 for it. */
function runningFile() {
    try {
        return topFile();
    }
    catch {
        // Node's --frozen-intrinsics refuses the assignments.
        return undefined;
    }
}

function topFile() {
    const traces = Error;
    const { prepareStackTrace, stackTraceLimit } = traces;
    let first;
    try {
        traces.stackTraceLimit = 1;
        traces.prepareStackTrace = (_error, sites) => {
            first = sites[0];
            return "";
        };
        // The trace is made when it is read.
        void new Error().stack;
    }
    finally {
        traces.prepareStackTrace = prepareStackTrace;
        if (stackTraceLimit !== undefined)
            traces.stackTraceLimit = stackTraceLimit;
    }
    return first?.getFileName() ?? undefined;
}
