// Stands in for what AWS's managed instances put around Lambda's Node.js runtime, which its emulator cannot: a Runtime API
// that gives out several events at a time, to AWS's own Node client, which then runs worker threads. In front of it an
// HTTP port, whose requests are the events of a function URL.
//
//   node managed-instance.mjs <AWS's client> <folder of the function> <seconds> <port>
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

const [client, folder, seconds, port] = process.argv.slice(2);
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

const api = createServer(async (request, response) => {
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
  asked.response.writeHead(statusCode, { ...headers, ...(cookies?.length > 0 ? { "set-cookie": cookies } : {}) });
  asked.response.end(Buffer.from(text, isBase64Encoded ? "base64" : "utf8"));
});
await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve));

const runtime = spawn(process.execPath, [client], {
  stdio: "inherit",
  env: {
    ...process.env,
    AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${api.address().port}`,
    AWS_LAMBDA_MAX_CONCURRENCY: "16",
    AWS_LAMBDA_NODEJS_WORKER_COUNT: "2",
    AWS_LAMBDA_FUNCTION_NAME: "mirror",
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "2048",
    AWS_LAMBDA_LOG_GROUP_NAME: "group",
    AWS_LAMBDA_LOG_STREAM_NAME: "stream",
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: "index.handler",
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
  };
  open.set(id, { response });
  const poll = polls.shift();
  if (poll === undefined) waiting.push({ id, event });
  else give(poll, { id, event });
}).listen(Number(port), "127.0.0.1");
