/**
 * For Apache OpenWhisk's web actions with raw HTTP, and DigitalOcean's functions, which are these.
 *
 * https://github.com/apache/openwhisk/blob/master/docs/webactions.md
 */
import type { Standby } from "./standby.js";

/** Answers an activation. */
export declare function openwhiskAction(standby: Standby, parameters: unknown): Promise<object>;
