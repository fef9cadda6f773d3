/**
 * Puts the program on disk and hands the process over to it. Everything outside this module's memory
 * goes through {@link Host}.
 */
import type { Host } from "./host.js";
import type { Options, Payload } from "./payload-type.js";
import type { Bridging, Standby } from "./standby.js";

/**
 * Starts the program of `payload` in place of this Node process where the host polls for events. Returns where it
 * pushes them: the standby then feeds the program by way of `bridge`. Throws a {@link TrapError} for every failure before the hand-over.
 *
 * A child's status becomes the host's, the signal that killed it too; 255 stands for one that Node cannot name.
 * In a worker thread the program is always a child, and the thread ends with its status (128 + n after
 * signal n): what that means for the process is up to whoever started the thread.
 *
 * Reads `AWS_LAMBDA_RUNTIME_API` (the host polls), `AWS_LAMBDA_MAX_CONCURRENCY` (for several events at once),
 * `TRAP_DIR` (first folder to install to), `TRAP_VERIFY=1` (check the program's hash) and `TRAP_LOG=debug` (one
 * line on stderr: what and why); for a bridge also `TRAP_PROGRAMS`, `TRAP_WAITING` and `TRAP_TIMEOUT`.
 */
export declare function start(payload: Payload, options: Options, bridge?: Bridging, host?: Host): Standby;
