// Stands in for a platform that sends HTTP to a port: starts what serves it, and turns each event of a function URL
// into a request. Only for starting the artifact on this machine; it is never deployed.
import { request } from "node:http";
import { createServer } from "node:net";

const port = await freePort();
process.env.PORT = String(port);
process.env.TRAP_HOST = "127.0.0.1";
// Such a platform has no Runtime API; ours is for this file alone.
delete process.env.AWS_LAMBDA_RUNTIME_API;
await import("./serve.mjs");

export const handler = async ({ rawPath, rawQueryString, requestContext, headers, cookies, body, isBase64Encoded }) => {
  const path = rawQueryString ? `${rawPath}?${rawQueryString}` : rawPath;
  const all = { ...headers, ...(cookies ? { cookie: cookies.join("; ") } : {}) };
  const content = Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8");
  if (content.length > 0) all["content-length"] = String(content.length);
  const response = await send({ host: "127.0.0.1", port, path, method: requestContext.http.method, headers: all }, content);
  const answer = Buffer.concat(await response.toArray());
  const { "set-cookie": setCookies = [], ...rest } = response.headersDistinct;
  return {
    statusCode: response.statusCode,
    headers: Object.fromEntries(Object.entries(rest).map(([name, values]) => [name, values.join(", ")])),
    cookies: setCookies,
    body: answer.toString("base64"),
    isBase64Encoded: true,
  };
};

/** Sends a request; what serves may need a moment until its port is open. */
async function send(options, content, tries = 200) {
  try {
    return await new Promise((resolve, reject) => {
      request({ ...options, agent: false }, resolve).on("error", reject).end(content);
    });
  } catch (error) {
    if (error.code !== "ECONNREFUSED" || tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 10));
    return send(options, content, tries - 1);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
