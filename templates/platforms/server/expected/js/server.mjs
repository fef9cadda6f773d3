/**
 * The Rust program `my-service`, where Node is to serve HTTP on the port that PORT names (3000 when it is unset).
 *
 * A program that serves HTTP itself takes the process; any other runs beside Node, which serves and gives it
 * each request.
 *
 * Written by `cargo trap build`, which writes it again; change the program instead.
 */

/* trampoline and payload */

// Read only where Node stays: a start that hands the process over is faster without.
const bridge = lazily(() => import("./trap/bridge.mjs"));

serve(payload, { takeover: "auto", port: "PORT", timeout: "CLOUD_RUN_TIMEOUT_SECONDS", limit: 6291456 }, bridge);
