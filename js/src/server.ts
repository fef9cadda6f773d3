/**
 * For hosts that start a process and send HTTP to its port: the program takes the process where it serves
 * HTTP itself; otherwise Node serves and feeds it.
 */

import { TrapError, systemReason } from "./errors.js";
import type { Host } from "./host.js";
import { nodeHost } from "./node-host.js";
import { nodeHandler } from "./node-http.js";
import type { NodeHttp } from "./node-server-types.js";
import type { NodeGlobal, NodeProcess } from "./node-types.js";
import type { Options, Payload } from "./payload-type.js";
import type { Bridging } from "./standby.js";
import { start } from "./trampoline.js";

/** What a server of such a host is told. */
export interface ServerOptions extends Options {
  /** The variable that names the port. */
  readonly port: string;
  /** The most bytes of a request's body; more is refused with 413. */
  readonly limit: number;
}

/** Where to serve when the host says nothing. */
const DEFAULT_PORT = 3000;

/**
 * Serves on the port that the variable names, 3000 by default, and on the address `TRAP_HOST`, all of them by
 * default. Returns where Node serves.
 */
export function serve(payload: Payload, options: ServerOptions, bridge?: Bridging): void {
  const host = nodeHost();
  const answer = nodeHandler(start(payload, options, bridge, host), options.limit);
  const process = (globalThis as unknown as NodeGlobal).process as NodeProcess;
  const { createServer } = process.getBuiltinModule?.("node:http") as NodeHttp;
  const server = createServer({}, (request, response) => void answer(request, response));
  const address = host.variable("TRAP_HOST") || "0.0.0.0";
  const port = portOf(options.port, host);
  server.on("error", (error) => {
    const what = `cannot listen on ${address}, port ${port}: ${systemReason(error)}`;
    host.raise(new TrapError("TRAP_PORT", what, `stop what listens there, or set ${options.port} and TRAP_HOST to what is free`));
  });
  server.listen(port, address, () => host.log(`listening on http://${address}:${server.address().port}`));
  // Requests that came in are still answered; with the last of them nothing keeps this process.
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.close());
}

/** The port that the host names. Throws `TRAP_SETTING`. */
function portOf(variable: string, host: Host): number {
  const text = host.variable(variable);
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  return host.raise(new TrapError("TRAP_SETTING", `${variable} is \`${text}\`, which is no port`, `set ${variable} to a number from 0 to 65535`));
}
