/**
 * What every host does with a response.
 */
import type { HttpResponse } from "./http.js";

/** Whether a response's header is for whoever asked, and not the business of the host that sends it. */
export declare function isForCaller(name: string): boolean;

/** All of a body, waited for. Rejects when a streamed one breaks off. */
export declare function wholeBody({ body }: HttpResponse): Promise<Uint8Array>;
