/**
 * The Rust program `my-service`, as a function that Genezio deploys.
 *
 * Where Genezio's host polls for requests, as on AWS Lambda, loading this module hands the process over to the
 * program; from then on Rust polls for requests and answers them. Where the host pushes them, the program runs
 * beside Node and is given each.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Answers every request; reached only where Node stays. */
export const handler = (event) => genezioFunction(standby, event);

/* trampoline and payload */

// Read only where Node stays: a start that hands the process over is faster without.
const bridge = lazily(() => import("./trap/bridge.mjs"));

const standby = start(payload, { takeover: "auto" }, bridge);
