// Stands in for Firebase: it serves the function on the port that PORT names, whether or not Firebase's package is
// installed. Only for starting the artifact on this machine; it is never deployed.
import { createServer } from "node:http";
import { register } from "node:module";

const https = "export const onRequest = (answer) => answer;";
const hooks = `export const resolve = (name, context, next) =>
  name === "firebase-functions/v2/https"
    ? { url: ${JSON.stringify(`data:text/javascript,${https}`)}, shortCircuit: true }
    : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const { handler } = await import("./index.mjs");

createServer(handler).listen(Number(process.env.PORT), "127.0.0.1");
