/**
 * The Rust program `my-service`, as a web action with raw HTTP.
 *
 * Its host pushes requests, so Node stays: the program runs beside it and is given each.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Answers every request. */
exports.main = (parameters) => openwhiskAction(standby, parameters);

/* trampoline and payload */

const standby = start(payload, { takeover: "bridge" }, bridge);
