/**
 * The bridge in a file of its own: a start that hands the process over is 1 ms shorter without its text.
 */

import { TrapError } from "./errors.js";
import type { Host } from "./host.js";
import type { Bridging, Fed, Standby } from "./standby.js";

/** A bridge that is loaded when it is wanted, at once then: its program starts as early as it can. */
export function lazily(load: () => Promise<{ bridge: Bridging }>): Bridging {
  return (program, host) => {
    const loaded = load().then(
      ({ bridge }) => bridge(program, host),
      (error: unknown) => missing(program, host, error),
    );
    // The first event reports what went wrong.
    loaded.catch(() => undefined);
    return {
      handle: async (event, context) => (await loaded).handle(event, context),
      http: async (request, context) => (await loaded).http(request, context),
    };
  };
}

/** Throws `TRAP_PAYLOAD_MISSING`. */
function missing({ name }: Fed, host: Host, error: unknown): Standby {
  return host.raise(
    new TrapError(
      "TRAP_PAYLOAD_MISSING",
      `the bridge of \`${name}\`, which this host needs, cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      "deploy the `trap` folder beside the module, or build with `cargo trap build --single-file`",
    ),
  );
}
