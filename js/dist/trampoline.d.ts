/**
 * Puts the program on disk and hands the process over to it. Everything outside this module's memory
 * goes through {@link Host}.
 */
import type { Host } from "./host.js";
import type { Options, Payload, Standby } from "./payload-type.js";

/**
 * Starts the program of `payload` in place of this Node process. Returns only where nothing can be taken
 * over: the standby then says why. Throws a {@link TrapError} for every failure before the hand-over.
 *
 * A child's status becomes the host's, the signal that killed it too; 255 stands for one that Node cannot name.
 * In a worker thread the program is always a child, and the thread ends with its status (128 + n after
 * signal n): what that means for the process is up to whoever started the thread.
 *
 * Reads `AWS_LAMBDA_RUNTIME_API` (no hand-over without it), `TRAP_DIR` (first folder to install to),
 * `TRAP_VERIFY=1` (check the program's hash) and `TRAP_LOG=debug` (one line on stderr: what and why).
 */
export declare function start(payload: Payload, options: Options, host?: Host): Standby;
