import { bridge } from "./trap/bridge.js";
import { genezioCall, genezioCron, genezioMethod } from "./trap/genezio.js";
import { payload } from "./trap/app.payload.js";
import type { Standby } from "./trap/standby.js";
import { start } from "./trap/trampoline.js";

/**
 * One line. *\/
 * More.
 */
export type Line = {
  /** In "cents". */
  unitPrice: bigint;
  note?: string | null;
};

export type PageLine = {
  items: Line[];
  next: any;
};

export type Line2 = {
  x: number;
};

export type PageBigint = {
  items: bigint[];
  next: any;
};

export type Status =
  /** Waits. */
  | "not-paid"
  | "paid";

export type Event =
  | { kind: "opened" }
  | { kind: "paid"; at: Date }
  | { kind: "marked"; unitPrice: bigint; note?: string | null };

export type Beside =
  | { t: "Empty" }
  | { t: "One"; c: Date[] };

export type Either =
  | number
  | Line
  | null;

export type Empty = {};

export type Stamp = {
  at: Date;
  data: number[];
};

export type When =
  | { at: Date }
  | { every: string };

export type Kind =
  | { kind: "a" }
  | { kind: "b"; at: Date };

/** Who calls; clients send it by themselves. */
export type GnzContext = { isGnzContext?: boolean; token?: string; headers?: any; requestContext?: any };

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
  private readonly standby: Standby;

  constructor() {
    this.standby = start(payload, { takeover: "auto" }, bridge);
  }

  /** Answers every HTTP request below `/Shop/http`; reached only where Node stays. */
  // genezio: http
  async http(request: unknown): Promise<unknown> {
    return genezioMethod(this.standby, request);
  }

  /** Takes what is plain. */
  async plain(a: string, default_: Array<number | boolean | null>, c?: any, d?: Date | null): Promise<void> {
    return genezioCall(this.standby, "Shop.plain", [a, default_, c, d]);
  }

  async lines(id: bigint, lines: Array<Line | null>): Promise<PageLine | null> {
    return genezioCall(this.standby, "Shop.lines", [id, lines]);
  }

  async others(other: Line2): Promise<{ [key: string]: PageBigint[] }> {
    return genezioCall(this.standby, "Shop.others", [other]);
  }

  async enums(status: Status, single: "only"): Promise<any[]> {
    return genezioCall(this.standby, "Shop.enums", [status, single]);
  }

  async odd(flat: any, kebab: any): Promise<Array<any[]>> {
    return genezioCall(this.standby, "Shop.odd", [flat, kebab]);
  }

  async stamp(context: GnzContext, context_: number): Promise<Stamp> {
    return genezioCall(this.standby, "Shop.stamp", [context, context_]);
  }

  async any(): Promise<any> {
    return genezioCall(this.standby, "Shop.any", []);
  }

  async loose(): Promise<any> {
    return genezioCall(this.standby, "Shop.loose", []);
  }

  /** Of the bank. */
  // genezio: http
  async hook(request: unknown): Promise<unknown> {
    return genezioMethod(this.standby, request, "/Shop/hook");
  }

  // genezio: cron 0 4 * * *
  async nightly(): Promise<void> {
    return genezioCron(this.standby, "Shop.nightly");
  }
}
