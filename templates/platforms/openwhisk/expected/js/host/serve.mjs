// Stands in for OpenWhisk: it serves the action on the port that PORT names. Only for starting the artifact on
// this machine; it is never deployed.
import { createServer } from "node:http";
import action from "./index.js";

const server = createServer(async (incoming, outgoing) => {
  const body = Buffer.concat(await incoming.toArray());
  const [path, query = ""] = incoming.url.split("?");
  const { statusCode, headers, body: answer = "" } = await action.main({
    __ow_method: incoming.method.toLowerCase(),
    __ow_path: path,
    __ow_query: query,
    __ow_headers: incoming.headers,
    __ow_body: body.toString("base64"),
    __ow_isBase64Encoded: true,
  });
  const isText = /^(text\/|application\/(json|x-www-form-urlencoded)|.*\+json)/i.test(headers["content-type"] ?? "text/plain");
  outgoing.writeHead(statusCode, headers);
  outgoing.end(Buffer.from(answer, isText ? "utf8" : "base64"));
});
server.listen(Number(process.env.PORT), "127.0.0.1");
