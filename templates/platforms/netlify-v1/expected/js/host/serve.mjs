// Stands in for Netlify: it serves the function on the port that PORT names. Only for starting the artifact on this
// machine; it is never deployed.
import { createServer } from "node:http";
import { handler } from "./netlify/functions/my-service/my-service.mjs";

const server = createServer(async (incoming, outgoing) => {
  const body = Buffer.concat(await incoming.toArray());
  const url = new URL(incoming.url, `http://${incoming.headers.host}`);
  const { statusCode, headers, multiValueHeaders, ...answer } = await handler({
    path: decodeURIComponent(url.pathname),
    rawUrl: `http://${incoming.headers.host}${incoming.url}`,
    rawQuery: url.search.slice(1),
    httpMethod: incoming.method,
    headers: Object.fromEntries(Object.entries(incoming.headersDistinct).map(([name, all]) => [name, all.join(", ")])),
    multiValueHeaders: incoming.headersDistinct,
    queryStringParameters: Object.fromEntries(url.searchParams),
    body: body.toString("base64"),
    isBase64Encoded: true,
  });
  outgoing.writeHead(statusCode, { ...headers, ...multiValueHeaders });
  outgoing.end(Buffer.from(answer.body, answer.isBase64Encoded ? "base64" : "utf8"));
});
server.listen(Number(process.env.PORT), "127.0.0.1");
