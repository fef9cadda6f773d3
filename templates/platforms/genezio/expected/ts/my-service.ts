import { payload } from "./trap/my-service.payload.js";
import type { Standby } from "./trap/payload-type.js";
import { start } from "./trap/trampoline.js";

/**
 * The Rust program `my-service`, as a class that Genezio deploys.
 *
 * Genezio constructs it when its host starts. The constructor puts the program on disk and hands the
 * process over to it; from then on Rust polls for requests and answers them.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */
// genezio: deploy
export class MyService {
  private readonly standby: Standby;

  constructor() {
    this.standby = start(payload, { takeover: "auto" });
  }

  /** Answers every HTTP request whose path begins with this class; reached only where Node stays. */
  // genezio: http
  async http(request: unknown): Promise<unknown> {
    return this.standby.handle(request);
  }
}
