/**
 * The Rust program `my-service`, as an HTTP function for Google's Functions Framework.
 *
 * The framework pushes requests, so Node stays: the program runs beside it and is given each.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Answers every request: `--target=handler`, or `--entry-point=handler`. */
export const handler = (request, response) => answer(request, response);

/* trampoline and payload */

const answer = nodeHandler(start(payload, { takeover: "bridge", timeout: "CLOUD_RUN_TIMEOUT_SECONDS" }, bridge));
