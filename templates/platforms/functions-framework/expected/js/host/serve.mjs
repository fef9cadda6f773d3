// Stands in for the Functions Framework: it serves the function on the port that PORT names. Only for starting the
// artifact on this machine; it is never deployed.
import { createServer } from "node:http";
import { handler } from "./index.mjs";

createServer(handler).listen(Number(process.env.PORT), "127.0.0.1");
