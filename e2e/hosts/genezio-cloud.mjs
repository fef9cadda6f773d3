// Stands in for the host of Genezio's own cloud, which is closed: it calls the `handler` that Genezio's own command
// generates with what that code reads, and sends what it returns. After the generated code itself.
//
//   node genezio-cloud.mjs <the generated module> <port>
import { createServer } from "node:http";

const [module, port] = process.argv.slice(2);
const { handler } = await import(module);

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  const url = new URL(request.url, `http://${request.headers.host}`);
  const joined = Object.entries(request.headersDistinct).map(([name, all]) => [name, all.join(", ")]);
  const result = await handler({
    http: {
      method: request.method,
      path: request.url.split("?")[0],
      protocol: `HTTP/${request.httpVersion}`,
      sourceIp: request.socket.remoteAddress,
      userAgent: request.headers["user-agent"] ?? "",
    },
    url: { pathname: request.url.split("?")[0], search: url.search, searchParams: url.searchParams },
    headers: { ...Object.fromEntries(joined), Host: request.headers.host },
    body,
    requestTimestampMs: Date.now(),
  });
  response.writeHead(Number(result.statusCode ?? 200), result.headers);
  response.end(Buffer.from(result.body ?? "", result.isBase64Encoded ? "base64" : "utf8"));
});
server.listen(Number(port), "127.0.0.1");
