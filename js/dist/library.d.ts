/**
 * Gives this process to a library: an addon loads it and calls its `trap`, which polls for events here.
 */
import { TrapError } from "./errors.js";
import type { Host } from "./host.js";
import type { Installed } from "./install.js";

/** Returns only what stood in the way. When the library returns, the host ends with the status that it gave. */
export declare function callLibrary({ path, addon }: Installed, host: Host): TrapError;
