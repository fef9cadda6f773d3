// What a function's Node host does, as far as user code can tell: it imports the handler's module, polls
// the Runtime API for events and posts what the handler returns. Nothing is imported before user code, so that
// a program which takes the process over pays for nothing else: an `import` of a built-in module makes every
// part of it that Node would load later, where `getBuiltinModule` (since Node 20.16) hands out what is there.
const builtin = async (name) => process.getBuiltinModule?.(name) ?? (await import(name)).default;
const fs = await builtin("node:fs");
const path = await builtin("node:path");
const { pathToFileURL } = await builtin("node:url");

const [api, root, handlerName] = ["AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "_HANDLER"].map(
  (name) => process.env[name] ?? "",
);
const base = "/2018-06-01/runtime";
let current; // the id of the invocation in the handler's hands

process.on("uncaughtException", (error) => giveUp(error, 129));
process.on("unhandledRejection", (error) => giveUp(error, 128));

// On a line of its own in the output, with the time: the starter waits for it, and nobody else knows the text.
if (process.argv[2]) fs.writeSync(1, `${process.argv[2]} ${process.hrtime.bigint()}\n`);

let handler;
try {
  handler = await load();
} catch (error) {
  await giveUp(error, 129);
}
for (;;) await serveOne();

async function load() {
  const slash = handlerName.lastIndexOf("/") + 1;
  const dot = handlerName.indexOf(".", slash);
  if (dot < 0) throw failure("Runtime.MalformedHandlerName", `"${handlerName}" has no dot`);
  const stem = path.resolve(root, handlerName.slice(0, dot));
  const file = [".js", ".mjs", ".cjs"].map((ending) => stem + ending).find((name) => fs.existsSync(name));
  if (!file) throw failure("Runtime.ImportModuleError", `there is no ${stem}.js, .mjs or .cjs`);
  const module = await importFile(file);
  const names = handlerName.slice(dot + 1).split(".");
  const find = (from) => names.reduce((object, name) => object?.[name], from);
  const found = find(module) ?? find(module.default);
  if (typeof found !== "function") {
    throw failure("Runtime.HandlerNotFound", `${handlerName} is undefined or not exported`);
  }
  return found;
}

// As the platform does it: CommonJS is required, so that it behaves as CommonJS does.
async function importFile(file) {
  if (file.endsWith(".mjs") || (file.endsWith(".js") && isModulePackage(path.dirname(file)))) {
    return import(pathToFileURL(file).href);
  }
  const { createRequire } = await builtin("node:module");
  return createRequire(file)(file);
}

function isModulePackage(folder) {
  const manifest = path.join(folder, "package.json");
  if (fs.existsSync(manifest)) return JSON.parse(fs.readFileSync(manifest, "utf8")).type === "module";
  const parent = path.dirname(folder);
  return parent !== folder && isModulePackage(parent);
}

function failure(name, message) {
  return Object.assign(new Error(message), { name });
}

async function serveOne() {
  const { headers, body } = await request("GET", "/invocation/next");
  const id = (current = headers["lambda-runtime-aws-request-id"]);
  const trace = headers["lambda-runtime-trace-id"];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  else delete process.env._X_AMZN_TRACE_ID;
  let result;
  try {
    result = JSON.stringify(await call(JSON.parse(body), context(headers))) ?? "null";
  } catch (error) {
    await post(`/invocation/${id}/error`, error);
    current = undefined;
    return;
  }
  await request("POST", `/invocation/${id}/response`, result, {});
  current = undefined;
}

function call(event, context) {
  if (handler.length < 3) return handler(event, context);
  return new Promise((resolve, reject) => {
    const done = (error, result) => (error == null ? resolve(result) : reject(error));
    const returned = handler(event, context, done);
    if (typeof returned?.then === "function") returned.then(resolve, reject);
  });
}

function context(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const client = headers["lambda-runtime-client-context"];
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: client && JSON.parse(client),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// Tells the platform and ends, as a crashed runtime would; the platform starts a new one.
async function giveUp(error, status) {
  try {
    const where = handler === undefined ? "/init/error" : current && `/invocation/${current}/error`;
    if (where) await post(where, error);
    else fs.writeSync(2, `${error?.stack ?? error}\n`);
  } finally {
    process.exit(status);
  }
}

function post(where, error) {
  const type = error?.name ?? typeof error;
  const told = {
    errorType: type,
    errorMessage: String(error?.message ?? error),
    stackTrace: String(error?.stack ?? "").split("\n").slice(0, 50),
    ...(error?.code === undefined ? {} : { code: error.code }),
  };
  const header = { "Lambda-Runtime-Function-Error-Type": String(type).replace(/[^\x20-\x7e]/g, "?") };
  return request("POST", where, JSON.stringify(told), header);
}

async function request(method, where, body, headers) {
  const { request } = await builtin("node:http");
  const [, host, port] = /^(.*):(\d+)$/.exec(api) ?? [];
  const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
  const type = body === undefined ? {} : { "Content-Type": "application/json" };
  const options = { method, host, port, path: base + where, agent: false };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, headers: { ...type, ...length, ...headers } }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode < 300) resolve({ headers: response.headers, body: text });
        else reject(new Error(`${method} ${where}: ${response.statusCode} ${text}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
