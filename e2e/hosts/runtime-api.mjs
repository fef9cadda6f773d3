// Stands in for what AWS's emulator cannot do around Lambda's Node.js runtime: a Runtime API that passes a streamed answer on
// as it comes, and, for managed instances, gives out several events at a time, where AWS's own Node client runs worker
// threads. In front of it an HTTP port, whose requests are the events of a function URL.
//
//   node runtime-api.mjs <AWS's client> <folder> <handler> <seconds> <events at a time> <port>
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const [client, folder, handler, seconds, atATime, port] = process.argv.slice(2);
const RUNTIME = "/2018-06-01/runtime/";
const waiting = []; // requests without a poll
const polls = []; // polls without a request
const open = new Map(); // requests that were given out

const give = (poll, { id, event }) => {
  poll.writeHead(200, {
    "content-type": "application/json",
    "lambda-runtime-aws-request-id": id,
    "lambda-runtime-deadline-ms": String(Date.now() + 1000 * Number(seconds)),
    "lambda-runtime-invoked-function-arn": "arn:aws:lambda:us-east-1:000000000000:function:mirror",
  });
  poll.end(JSON.stringify(event));
};

/** The beginning of a streamed answer, and what follows it. */
async function* streamed(request) {
  let begun = Buffer.alloc(0);
  let isBegun = false;
  for await (const part of request) {
    if (isBegun) {
      yield part;
      continue;
    }
    begun = Buffer.concat([begun, part]);
    const end = begun.indexOf(Buffer.alloc(8));
    if (end < 0) continue;
    isBegun = true;
    yield JSON.parse(begun.subarray(0, end).toString());
    if (begun.length > end + 8) yield begun.subarray(end + 8);
  }
}

const setCookies = (cookies) => (cookies?.length > 0 ? { "set-cookie": cookies } : {});

const api = createServer(async (request, response) => {
  if (request.headers["lambda-runtime-function-response-mode"] === "streaming") {
    const [, id] = /invocation\/([^/]+)\/response$/.exec(request.url);
    const asked = open.get(id).response;
    open.delete(id);
    for await (const part of streamed(request)) {
      if (Buffer.isBuffer(part)) asked.write(part);
      else asked.writeHead(part.statusCode, { ...part.headers, ...part.multiValueHeaders, ...setCookies(part.cookies) });
    }
    asked.end();
    return response.writeHead(202).end();
  }
  const body = Buffer.concat(await request.toArray());
  const path = request.url.slice(RUNTIME.length);
  if (path === "invocation/next") {
    const next = waiting.shift();
    return next === undefined ? polls.push(response) : give(response, next);
  }
  const [, id, verb] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  response.writeHead(202).end();
  const asked = open.get(id);
  open.delete(id);
  if (asked === undefined) return console.error(`${request.method} ${request.url}: ${body}`);
  if (verb === "error") return asked.response.writeHead(502).end(body);
  const { statusCode, headers, cookies, body: text = "", isBase64Encoded } = JSON.parse(body.toString());
  asked.response.writeHead(statusCode, { ...headers, ...setCookies(cookies) });
  asked.response.end(Buffer.from(text, isBase64Encoded ? "base64" : "utf8"));
});
await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve));

const runtime = spawn(process.execPath, [client, handler], {
  stdio: "inherit",
  env: {
    ...process.env,
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${api.address().port}`,
    ...(Number(atATime) > 1 ? { AWS_LAMBDA_MAX_CONCURRENCY: atATime, AWS_LAMBDA_NODEJS_WORKER_COUNT: "2" } : {}),
    AWS_LAMBDA_FUNCTION_NAME: "mirror",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "2048",
    AWS_LAMBDA_LOG_GROUP_NAME: "group",
    AWS_LAMBDA_LOG_STREAM_NAME: "stream",
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: handler,
  },
});
runtime.on("exit", (status, signal) => { console.error(`the client ended: ${status ?? signal}`); process.exit(status ?? 1); });
process.on("SIGTERM", () => runtime.kill("SIGTERM"));

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  const [path, query = ""] = request.url.split("?");
  const { cookie, ...headers } = Object.fromEntries(Object.entries(request.headersDistinct).map(([name, all]) => [name, all.join(",")]));
  const id = randomUUID();
  const event = {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers,
    ...(cookie === undefined ? {} : { cookies: cookie.split(";").map((one) => one.trim()) }),
    requestContext: {
      http: { method: request.method, path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "" },
      requestId: id, routeKey: "$default", stage: "$default", timeEpoch: Date.now(),
    },
    ...(body.length > 0 ? { body: body.toString("base64") } : {}),
    isBase64Encoded: body.length > 0,
    // What Netlify's bootstrap reads instead.
    rawUrl: `http://${request.headers.host}${request.url}`,
    httpMethod: request.method,
  };
  open.set(id, { response });
  const poll = polls.shift();
  if (poll === undefined) waiting.push({ id, event });
  else give(poll, { id, event });
}).listen(Number(port), "127.0.0.1");
