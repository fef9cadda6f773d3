/**
 * The Rust program `my-service`, as the handler of an AWS Lambda function on Node.js.
 *
 * Lambda loads this module when a container starts. Its last line puts the program on disk where it is not
 * there yet and hands the process over to it; from then on Rust polls for events and answers them.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Reached only where Node stays, because something else pushes the events: the program then runs beside it. */
export const handler = (event, context) => standby.handle(event, context);

/* trampoline and payload */

// Read only where Node stays: a start that hands the process over is faster without.
const bridge = lazily(() => import("./trap/bridge.mjs"));

const standby = start(payload, { takeover: "auto" }, bridge);
