// Stands in for Netlify: it serves the function on the port that PORT names. Only for starting the artifact on this
// machine; it is never deployed.
import { createServer } from "node:http";
import answer from "./netlify/functions/my-service/my-service.mjs";

const server = createServer(async (incoming, outgoing) => {
  const { method, rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at], rawHeaders[at + 1]);
  const hasBody = method !== "GET" && method !== "HEAD";
  const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method,
    headers,
    body: hasBody ? incoming : null,
    duplex: "half",
  });
  const response = await answer(request, { ip: incoming.socket.remoteAddress });
  outgoing.setHeaders(response.headers);
  outgoing.writeHead(response.status);
  for await (const part of response.body ?? []) outgoing.write(part);
  outgoing.end();
});
server.listen(Number(process.env.PORT), "127.0.0.1");
