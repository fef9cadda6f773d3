// Stands in for OpenWhisk, whose Node.js runtime is on no registry: its controller in front, which turns a request to a
// web action with raw HTTP into parameters and the action's result into a response, and behind it what its action
// runner does with `main`. After https://github.com/apache/openwhisk/blob/master/docs/webactions.md.
//
//   node openwhisk.mjs <folder of the action> <port> <openwhisk|digitalocean> <seconds>
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, port, kind, seconds] = process.argv.slice(2);
const { main } = createRequire(import.meta.url)(join(folder, "index.js"));

/** The types whose bodies travel as they are; all others as base64. */
const isText = (type) => /^(text\/|application\/json|application\/x-www-form-urlencoded)/i.test(type ?? "");

const server = createServer(async (request, response) => {
  const bytes = Buffer.concat(await request.toArray());
  const [path, query = ""] = request.url.split("?");
  const headers = Object.fromEntries(Object.entries(request.headersDistinct).map(([name, all]) => [name, all.join(", ")]));
  const isBase64 = bytes.length > 0 && !isText(headers["content-type"]);
  const body = bytes.toString(isBase64 ? "base64" : "utf8");
  process.env.__OW_DEADLINE = String(Date.now() + 1000 * Number(seconds));
  const parameters =
    kind === "digitalocean"
      ? { http: { method: request.method, path, queryString: query, headers, body, isBase64Encoded: isBase64 } }
      : { __ow_method: request.method.toLowerCase(), __ow_path: path, __ow_query: query, __ow_headers: headers, __ow_body: body };
  try {
    const result = await main(parameters);
    response.writeHead(result.statusCode ?? 200, result.headers);
    const type = Object.entries(result.headers ?? {}).find(([name]) => name.toLowerCase() === "content-type")?.[1];
    response.end(Buffer.from(result.body ?? "", type === undefined || isText(type) ? "utf8" : "base64"));
  } catch (error) {
    response.writeHead(502).end(String(error));
  }
});
server.listen(Number(port), "127.0.0.1");
