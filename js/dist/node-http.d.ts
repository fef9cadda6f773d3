/**
 * For hosts that call with Node's own request and response: Google's Functions Framework, Firebase, Express.
 */
import type { NodeIncoming, NodeOutgoing } from "./node-server-types.js";
import type { Standby } from "./standby.js";

/** A handler for such hosts. A body of more than `limit` bytes that nobody has read yet is refused with 413. */
export declare function nodeHandler(standby: Standby, limit?: number): (request: NodeIncoming, response: NodeOutgoing) => Promise<void>;
