// Asks a class in Rust and the handler that Genezio's own command generates for the same class in JavaScript, and
// compares what they answer.
//
//   node class.mjs <Genezio's generator> <the example `class`> <a folder to write to>
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [generator, program, folder] = process.argv.slice(2);

// What runtime/examples/class.rs is, in JavaScript.
const twin = `export class Greeter {
  greeted = 0;
  async hello(name) {
    if (!name) throw Object.assign(new Error("nobody has no name"), { code: 1 });
    return { text: "Hello, " + name + "!", before: this.greeted++ };
  }
}
`;

const rpc = (changes) =>
  JSON.stringify({ jsonrpc: "2.0", method: "Greeter.hello", params: ["\u00fc \u{1f600}"], id: 3, ...changes });
const cases = [
  ["POST", "/", rpc()],
  ["POST", "/Greeter", rpc({ params: ["a", "one too many"] })],
  ["POST", "/", rpc({ params: [""] })],
  ["POST", "/", rpc({ method: "Greeter.none" })],
  ["POST", "/", rpc({ method: "hello" })],
  ["POST", "/", rpc({ method: "Other.hello" })],
  ["POST", "/", rpc({ method: "Greeter.hello.more" })],
  ["POST", "/", rpc({ id: 1000.0 })],
  ["POST", "/", rpc({ jsonrpc: "1.0" })],
  ["POST", "/", "{}"],
  ["POST", "/", "null"],
  ["POST", "/Greeter/none", "text"],
  ["OPTIONS", "/", ""],
  ["GET", "/", ""],
  ["GET", "/Greeter", ""],
  ["GET", "/Greeter/", ""],
  ["GET", "/Greeter/none", ""],
];
for (const method of [undefined, null, false, true, 0, 7, "", {}, []]) cases.push(["POST", "/", rpc({ method })]);
for (const params of [undefined, null, false, 0, ""]) cases.push(["POST", "/", rpc({ params })]);
for (const id of [undefined, null, "x", 1.5, true]) cases.push(["POST", "/", rpc({ id })]);
cases.push(["POST", "/", rpc({ method: true, params: 0 })], ["POST", "/", rpc({ method: 7, id: "x" })]);

writeFileSync(`${folder}/module.mjs`, twin);
const { lambdaHandlerGenerator } = await import(pathToFileURL(generator));
writeFileSync(`${folder}/index.mjs`, lambdaHandlerGenerator('"Greeter"'));
const { handler } = await import(pathToFileURL(`${folder}/index.mjs`));
// The handler tells its errors to the log.
console.error = () => {};

const child = spawn(program, { env: { PORT: "0" }, stdio: ["ignore", "inherit", "pipe"] });
const url = await new Promise((found, failed) => {
  child.on("error", failed).on("exit", () => failed(new Error("the program ended")));
  createInterface({ input: child.stderr }).on("line", (line) => {
    const [address] = /http:\S+/.exec(line) ?? [];
    if (address) found(address);
  });
});

// Keys in one order; the stack is that of JavaScript.
const sorted = (_, value) =>
  value && typeof value === "object" && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).filter(([name]) => name !== "stack").sort())
    : value;
const tidy = (status, headers, body) =>
  JSON.stringify({ status, ...headers, body: body ? JSON.parse(body) : null }, sorted);

let differ = 0;
for (const [method, path, body] of cases) {
  const theirs = await handler({ requestContext: { http: { method, path } }, headers: {}, body });
  const ours = await fetch(url + path, { method, body: method === "GET" ? undefined : body });
  const named = ["content-type", "x-powered-by"].map((name) => [name, ours.headers.get(name)]);
  const lower = Object.entries(theirs.headers).map(([name, value]) => [name.toLowerCase(), value]);
  const wanted = tidy(theirs.statusCode, Object.fromEntries(lower), theirs.body);
  const answered = tidy(ours.status, Object.fromEntries(named), await ours.text());
  if (wanted === answered) continue;
  differ += 1;
  console.log(`${method} ${path} ${body}\n  genezio: ${wanted}\n  ours:    ${answered}`);
}
console.log(differ ? `${differ} of ${cases.length} cases differ` : `${cases.length} cases agree`);
child.removeAllListeners("exit").kill();
process.exitCode = differ ? 1 : 0;
