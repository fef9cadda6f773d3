/**
 * The Rust program `my-service`, as a Lambda-compatible function that Netlify deploys.
 *
 * It is Lambda that calls it, but with events of Netlify's own, so Node stays: the program runs beside it and is given
 * each request as an event that it knows.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Answers every request. */
export const handler = (event, context) => netlifyEvent(standby, event, context);

/* trampoline and payload */

const standby = start(payload, { takeover: "bridge" }, bridge);
