/**
 * The real effects of the bridge, by Node's `http` and `child_process`; like the rest they are loaded when they
 * are needed.
 */
import type { BridgeHost } from "./bridge-host.js";

/** The effects of the Node process this module runs in, which has `process.getBuiltinModule`. */
export declare function bridgeHost(): BridgeHost;
