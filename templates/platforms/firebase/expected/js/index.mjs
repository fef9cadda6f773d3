import { onRequest } from "firebase-functions/v2/https";

/**
 * The Rust program `my-service`, as an HTTPS function of Firebase.
 *
 * Firebase pushes requests, so Node stays: the program runs beside it and is given each.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Answers every request. */
export const handler = onRequest((request, response) => answer(request, response));

/* trampoline and payload */

const answer = nodeHandler(start(payload, { takeover: "bridge", timeout: "CLOUD_RUN_TIMEOUT_SECONDS" }, bridge));
