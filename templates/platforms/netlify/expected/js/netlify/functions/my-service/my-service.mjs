/**
 * The Rust program `my-service`, as a function that Netlify deploys.
 *
 * Netlify's own code calls it, so Node stays: the program runs beside it and is given each request.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/** Answers every request. */
export default (request, context) => answer(request, context);

/** Every path that is no file of the site. */
export const config = { path: "/*", preferStatic: true };

/* trampoline and payload */

const answer = webHandler(start(payload, { takeover: "bridge" }, bridge));
