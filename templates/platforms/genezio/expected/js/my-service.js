import { bridge } from "./trap/bridge.js";
import { genezioMethod } from "./trap/genezio.js";
import { payload } from "./trap/my-service.payload.js";
import { start } from "./trap/trampoline.js";

/**
 * The Rust program `my-service`, as a class that Genezio deploys.
 *
 * Where Genezio's host polls for requests, as on AWS Lambda, the constructor hands the process over to the program;
 * from then on Rust polls for requests and answers them. Where the host pushes them, the program runs beside Node
 * and is given each.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */
// genezio: deploy
export class MyService {
  constructor() {
    this.standby = start(payload, { takeover: "auto" }, bridge);
  }

  /** Answers every HTTP request below `/MyService/http`; reached only where Node stays. */
  // genezio: http
  async http(request) {
    return genezioMethod(this.standby, request);
  }
}
