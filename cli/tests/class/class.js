import { bridge } from "./trap/bridge.js";
import { genezioCall, genezioCron, genezioMethod } from "./trap/genezio.js";
import { payload } from "./trap/app.payload.js";
import { start } from "./trap/trampoline.js";

/**
 * The Rust program `app`, as a class that Genezio deploys.
 *
 * Where Genezio's host polls for requests, as on AWS Lambda, the constructor hands the process over to the program;
 * from then on Rust polls for requests and answers them. Where the host pushes them, the program runs beside Node
 * and is given each.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */
/**
 * A shop.
 *
 * It sells.
 */
// genezio: deploy
export class Shop {
  constructor() {
    this.standby = start(payload, { takeover: "auto" }, bridge);
  }

  /** Answers every HTTP request below `/Shop/http`; reached only where Node stays. */
  // genezio: http
  async http(request) {
    return genezioMethod(this.standby, request);
  }

  /** Takes what is plain. */
  async plain(a, default_, c, d) {
    return genezioCall(this.standby, "Shop.plain", [a, default_, c, d]);
  }

  async lines(id, lines) {
    return genezioCall(this.standby, "Shop.lines", [id, lines]);
  }

  async others(other) {
    return genezioCall(this.standby, "Shop.others", [other]);
  }

  async enums(status, single) {
    return genezioCall(this.standby, "Shop.enums", [status, single]);
  }

  async odd(flat, kebab) {
    return genezioCall(this.standby, "Shop.odd", [flat, kebab]);
  }

  async stamp(context, context_) {
    return genezioCall(this.standby, "Shop.stamp", [context, context_]);
  }

  async any() {
    return genezioCall(this.standby, "Shop.any", []);
  }

  async loose() {
    return genezioCall(this.standby, "Shop.loose", []);
  }

  /** Of the bank. */
  // genezio: http
  async hook(request) {
    return genezioMethod(this.standby, request, "/Shop/hook");
  }

  // genezio: cron 0 4 * * *
  async nightly() {
    return genezioCron(this.standby, "Shop.nightly");
  }
}
