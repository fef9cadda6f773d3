/**
 * For Netlify's Lambda-compatible functions. Their events are API Gateway's of version 1, without the context
 * by which programs know one.
 */
import type { Standby } from "./standby.js";

/** Answers an event. */
export declare function netlifyEvent(standby: Standby, event: unknown, context: unknown): Promise<object>;
