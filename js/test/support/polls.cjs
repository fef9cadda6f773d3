// A program that polls for events, as small as one can be: what it does with an event is said in its path.
const http = require("node:http");

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true });

function ask(method, path, headers = {}, body = "") {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/${path}`, headers }, async (response) => {
      const parts = [];
      for await (const part of response) parts.push(part);
      resolve({ headers: response.headers, body: Buffer.concat(parts).toString() });
    });
    request.on("error", reject);
    if (typeof body === "function") body(request);
    else request.end(body);
  });
}

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function answer(event, id) {
  const reply = (statusCode, body) => ask("POST", `invocation/${id}/response`, {}, JSON.stringify({ statusCode, headers: { "x-pid": String(process.pid) }, body }));
  const [, what, time] = event.rawPath.split("/");
  if (what === "die") process.kill(process.pid, "SIGKILL");
  if (what === "exit") process.exit(3);
  if (what === "hang") await wait(600_000);
  if (what === "slow") await wait(Number(time));
  if (what === "stream") {
    const prelude = JSON.stringify({ statusCode: 200, headers: { "content-type": "text/plain" } });
    const headers = {
      "lambda-runtime-function-response-mode": "streaming",
      "content-type": "application/vnd.awslambda.http-integration-response",
    };
    return ask("POST", `invocation/${id}/response`, headers, async (request) => {
      request.write(Buffer.concat([Buffer.from(prelude), Buffer.alloc(8), Buffer.from("first ")]));
      await wait(Number(time));
      if (event.rawPath.endsWith("/break")) process.kill(process.pid, "SIGKILL");
      request.end("last");
    });
  }
  return reply(200, `${event.requestContext.http.method} ${event.rawPath} ${event.body ?? ""}`);
}

(async () => {
  for (;;) {
    const { headers, body } = await ask("GET", "invocation/next");
    await answer(JSON.parse(body), headers["lambda-runtime-aws-request-id"]);
  }
})().catch(() => process.exit(0)); // The host is gone, and with it whoever could want an answer.
