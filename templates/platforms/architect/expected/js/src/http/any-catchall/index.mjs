/**
 * The Rust program `my-service`, as a function that Architect deploys to AWS Lambda.
 *
 * Loading this module hands the process over to the program; from then on Rust polls for requests and answers them.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Answers every request; reached only where Node stays. */
export const handler = (event, context) => standby.handle(event, context);

/* trampoline and payload */

// Read only where Node stays: a start that hands the process over is faster without.
const bridge = lazily(() => import("./trap/bridge.mjs"));

const standby = start(payload, { takeover: "auto" }, bridge);
