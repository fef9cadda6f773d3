/**
 * What the modules of a platform and the trampoline know of each other where Node stays.
 */

import type { Host } from "./host.js";
import type { HttpRequest, HttpResponse } from "./http.js";

/** What is left to the module that the host loaded, where Node stays. */
export interface Standby {
  /**
   * Answers one event of Lambda's: the program is given it as it is. Rejects with a `TrapError`, or with the
   * error that the program reports, in its own words.
   */
  handle(event: unknown, context?: unknown): Promise<unknown>;
  /** Answers one HTTP request. Failures are responses too. */
  http(request: HttpRequest, context?: unknown): Promise<HttpResponse>;
}

/** A program that is to be fed. */
export interface Fed {
  readonly name: string;
  /** Puts the program on disk where it is not there, and returns its path. Throws a `TrapError`. */
  place(): string;
  /** Tells one build of the program from the next; absent where there is never a next. */
  stamp?(): string | undefined;
  /** The variable by which the host tells how many seconds it gives a request, where it has one. */
  readonly timeout: string | undefined;
}

/** What feeds a program: the module `bridge`, or something that loads it. */
export type Bridging = (program: Fed, host: Host) => Standby;
