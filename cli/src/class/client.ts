/** How a client asks. */
export type ClientOptions = {
  /** Headers of every request, for example `authorization`; a function is asked each time. */
  headers?: Record<string, string> | (() => Record<string, string> | Promise<Record<string, string>>);
  /** What is called in place of the global `fetch`. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
};

/** A call that the program, or what stands before it, answered with an error. */
export class CallError extends Error {
  override readonly name = "CallError";
  /** The status of the answer. */
  readonly status: number;
  /** The method's own code; -32602 where an argument does not fit, -1 where there is no such method. */
  readonly code: number | undefined;
  /** What the method says beside its message. */
  readonly info: unknown;

  constructor(message: string, status: number, code?: number, info?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.info = info;
  }
}

/** What all methods share: one request in JSON-RPC below the address, and its answer. */
class Caller {
  readonly #url: string;
  readonly #options: ClientOptions;

  constructor(url: string | URL, options: ClientOptions) {
    this.#url = String(url);
    this.#options = options;
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const { headers: own = {}, fetch: ask = fetch } = this.#options;
    const headers = new Headers(typeof own === "function" ? await own() : own);
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    return ask(url, { ...init, headers });
  }

  /** The address of something below the one of the client. */
  below(path: string): string {
    const url = new URL(this.#url);
    const [, before = "", query = ""] = /^([^?#]*)(.*)$/s.exec(path) ?? [];
    url.pathname = url.pathname.replace(/\/+$/, "") + before;
    url.search = query;
    return String(url);
  }

  async call(method: string, names: readonly string[], values: readonly unknown[]): Promise<any> {
    const params = values.map((value, index) => sent(value, names[index] ?? "argument"));
    const body = JSON.stringify({ jsonrpc: "2.0", method, params, id: 1 });
    const headers = { "content-type": "application/json" };
    const [name = ""] = method.split(".");
    const response = await this.fetch(this.below(`/${name}`), { method: "POST", headers, body });
    const text = await response.text();
    let reply: any;
    try {
      reply = JSON.parse(text, received);
    } catch {
      // Said below.
    }
    if (typeof reply?.error?.message === "string") {
      const { message, code, info } = reply.error;
      throw new CallError(message, response.status, code, info);
    }
    if (reply?.jsonrpc !== "2.0" || !("result" in reply)) {
      const start = text.length > 200 ? text.slice(0, 200) + "…" : text;
      throw new CallError(`\`${method}\` was answered ${response.status} and no result: ${start}`, response.status);
    }
    return reply.result;
  }
}
