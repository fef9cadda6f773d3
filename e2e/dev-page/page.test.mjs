// The page of `cargo trap dev` in the Chromium of this machine: driven as a person drives it, by mouse and by
// keyboard, and checked by axe. Screenshots lie in target/tmp/dev-page/screenshots: look at them.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { Project } from "./server.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = process.env.CARGO_TRAP_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "cargo-trap");
const modules = join(cache, "playwright/1.65.1/node_modules/");
const require = createRequire(modules);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const pictures = join(root, "target/tmp/dev-page/screenshots");
const SECRET = "s3cr3t-of-the-test";

let browser;
let project;
let base;

before(async () => {
  mkdirSync(pictures, { recursive: true });
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const paths = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  const executablePath = paths.find((path) => existsSync(path));
  assert.ok(executablePath, "there is no Chromium; try `cargo xtask setup`");
  project = new Project();
  base = await project.serve("--env", `API_PASSWORD=${SECRET}`);
  // Without the sandbox, because the tests may run as root.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
});

after(async () => {
  await browser?.close();
  await project?.stop();
});

/** A page that fails the test when it complains, or asks anything but the server. */
async function open(t, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complaints = [];
  page.on("console", (message) => {
    // What the server refuses, the browser tells as well; whether the page does is tested.
    const isRefusal = message.text().includes("status of 400");
    if (["error", "warning"].includes(message.type()) && !isRefusal) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.stack));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.origin !== base) complaints.push(`asked ${url}`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  });
  await page.goto(`${base}/__trap`);
  await page.locator("#stage-text").getByText(/Version \d+ answers/).waitFor();
  return page;
}

async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html }) => html).join("\n  ")}`);
  assert.deepEqual(told, [], where);
  assert.ok(passes.length > 10, `axe looked at ${passes.length} things`);
}

const row = (page, text) => page.locator("#rows tr").filter({ hasText: text }).first();

test("what is asked is seen as it comes, opened, and replayed", async (t) => {
  const page = await open(t);
  const response = await fetch(`${base}/say/hello-from-outside`, { headers: { authorization: `Bearer ${SECRET}`, cookie: `id=${SECRET}` } });
  assert.equal(response.status, 200);
  const seen = row(page, "/say/hello-from-outside");
  await seen.locator("td.status", { hasText: "200" }).waitFor();
  assert.match(await seen.innerText(), /200\s+GET \/say\/hello-from-outside\s+\d.*m?s\s+[0-9a-f]{8}/);

  await seen.getByRole("button").click();
  const detail = page.getByRole("tabpanel", { name: "Invocation" });
  await detail.getByRole("heading", { name: "GET /say/hello-from-outside" }).waitFor();
  const log = detail.getByRole("region", { name: "Log" });
  assert.match(await log.innerText(), /stdout hello-from-outside/);
  assert.match(await log.innerText(), /stderr hello-from-outside, too/);
  assert.equal(await detail.getByRole("region", { name: "Body of the answer" }).innerText(), "hello-from-outside");
  assert.match(await detail.getByRole("region", { name: "Event" }).innerText(), /"rawPath": "\/say\/hello-from-outside"/);

  // Secrets are not in the page until they are asked for.
  assert.ok(!(await page.content()).includes(SECRET));
  await detail.getByRole("button", { name: /^Show \d+ secrets?$/ }).click();
  await detail.getByRole("region", { name: "Event" }).getByText(SECRET).waitFor();
  await detail.getByRole("button", { name: /^Show \d+ secrets?$/, pressed: true }).click();
  await page.waitForFunction((secret) => !document.body.innerText.includes(secret), SECRET);

  const before = await page.locator("#rows tr").count();
  await detail.getByRole("button", { name: "Replay" }).click();
  await page.waitForFunction((before) => document.querySelectorAll("#rows tr").length === before + 1, before);
  await row(page, "again").waitFor();
  await detail.getByText(/Repeats/).waitFor();
});

test("an HTTP request is sent by hand, changed, and sent again", async (t) => {
  const page = await open(t);
  await page.getByRole("tab", { name: "Send" }).click();
  await page.getByLabel("Method").fill("post");
  await page.getByLabel("Path and query").fill("/say/by-hand?token=hidden");
  await page.getByLabel(/^Headers/).fill(`Authorization: Bearer ${SECRET}\nX-Tag: 1`);
  await page.getByLabel("Body").fill("the body");
  await page.getByRole("button", { name: "Send" }).click();
  const detail = page.getByRole("tabpanel", { name: "Invocation" });
  await detail.getByRole("heading", { name: "POST /say/by-hand" }).waitFor();
  await detail.getByText("200 OK").waitFor();

  await detail.getByRole("button", { name: "Edit and send" }).click();
  const path = page.getByLabel("Path and query");
  await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "path");
  assert.match(await path.inputValue(), /^\/say\/by-hand\?token=«secret \d»$/);
  assert.match(await page.getByLabel(/^Headers/).inputValue(), /authorization: «secret \d»/);
  await path.fill("/say/edited");
  await page.getByRole("button", { name: "Send" }).click();
  await detail.getByRole("heading", { name: "POST /say/edited" }).waitFor();
  await detail.getByText("200 OK").waitFor();
  // The secret was sent, and never shown.
  const number = await page.evaluate(() => document.querySelector("#rows tr")?.textContent);
  assert.ok(number?.includes("/say/edited"));
  const link = await detail.getByRole("link", { name: "event as a file" }).getAttribute("href");
  const event = await (await fetch(base + link)).json();
  assert.equal(event.headers.authorization, `Bearer ${SECRET}`);
  assert.equal(event.body, "the body");

  await page.getByRole("tab", { name: "Send" }).click();
  await path.fill("no path");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("`no path` is not a path").waitFor();
  await accessible(page, "a form with a complaint");
});

test("every example event can be sent", async (t) => {
  const page = await open(t);
  await page.getByRole("tab", { name: "Send" }).click();
  await page.getByRole("radio", { name: "an event" }).check();
  const names = await page.getByLabel("Example").locator("option").evaluateAll((all) => all.map(({ value }) => value).filter(Boolean));
  assert.deepEqual(names, ["sqs", "s3", "dynamodb", "eventbridge", "cron", "apigw-v1", "apigw-v2", "alb"]);
  for (const name of names) {
    await page.getByRole("tab", { name: "Send" }).click();
    await page.getByLabel("Example").selectOption(name);
    JSON.parse(await page.getByLabel("Event, as JSON").inputValue());
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("tab", { name: "Invocation", selected: true }).waitFor();
  }
  await row(page, "SQS 2 records").waitFor();
  await row(page, "DynamoDB 2 records").waitFor();
  await row(page, "cron Scheduled Event").waitFor();
});

test("containers show their start phase by phase, and what they take", async (t) => {
  const page = await open(t);
  await fetch(`${base}/`);
  await page.getByRole("tab", { name: /^Containers/ }).click();
  const first = page.getByRole("listitem").filter({ hasText: "Container 1" }).first();
  await first.getByText(/MiB of memory|KiB of memory/).waitFor();
  await first.getByText("by exec").waitFor();
  await first.locator("summary").click();
  const phases = await first.getByRole("rowheader").allInnerTexts();
  assert.deepEqual(phases.slice(0, 2), ["Node boots", "load"]);
  assert.ok(phases.includes("hand over") && phases.includes("to the poll"), phases.join());
  await first.getByText("begins as").waitFor();
  await accessible(page, "containers");
});

test("the environment is masked until it is asked for", async (t) => {
  const page = await open(t);
  await page.getByRole("tab", { name: "Environment" }).click();
  const value = page.getByRole("row", { name: /^API_PASSWORD/ });
  await value.getByText("•••").waitFor();
  assert.ok(!(await page.content()).includes(SECRET));
  await page.getByRole("button", { name: "Show values" }).click();
  await value.getByText(SECRET).waitFor();
  await accessible(page, "environment");
  await page.getByRole("button", { name: "Show values", pressed: true }).click();
  await value.getByText("•••").waitFor();
});

test("a compile error appears and goes", async (t) => {
  const page = await open(t);
  project.write("src/answer.rs", "pub const ANSWER: &str = 7;\n<script>alert(1)</script>\n");
  const failure = page.getByRole("region", { name: "It does not compile" });
  await failure.waitFor();
  assert.match(await page.getByRole("region", { name: "What cargo says" }).innerText(), /^error/);
  assert.match(await page.locator("#alarm").textContent(), /It does not compile/);
  await page.waitForFunction(() => document.title.startsWith("✗"));
  assert.equal(await page.locator("script:not([src])").count(), 0);
  assert.equal((await fetch(`${base}/`)).status, 200, "the old version goes on");
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(pictures, `compile-error-${colorScheme}.png`) });
    await accessible(page, `a compile error, ${colorScheme}`);
  }
  project.answer("mended");
  await failure.waitFor({ state: "hidden" });
  await page.locator("#stage-text").getByText(/Version \d+ answers, ready in/).waitFor();
  assert.equal(await (await fetch(`${base}/`)).text(), "mended");
});

test("everything can be done from the keyboard", async (t) => {
  const page = await open(t);
  await fetch(`${base}/say/older`);
  await fetch(`${base}/say/newer`);
  await row(page, "/say/newer").waitFor();
  const focused = () => page.evaluate(() => (document.activeElement === document.body ? "nothing" : document.activeElement?.textContent));
  await page.keyboard.press("Tab");
  assert.match(await focused(), /Skip the list/);
  for (let at = 0; at < 5 && !(await page.evaluate(() => document.activeElement?.classList.contains("open"))); at += 1) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Home");
  assert.match(await focused(), /\/say\/newer/);
  await page.keyboard.press("ArrowDown");
  assert.match(await focused(), /\/say\/older/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "GET /say/older" }).waitFor();
  assert.match(await focused(), /\/say\/older/, "the list keeps the focus");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Invocation");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(), "Send");
  await page.getByLabel("Path and query").waitFor();
  await page.keyboard.press("End");
  assert.equal(await focused(), "Environment");
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(), "Invocation");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Replay");
  const before = await page.locator("#rows tr").count();
  await page.keyboard.press("Enter");
  await page.waitForFunction((before) => document.querySelectorAll("#rows tr").length > before, before);
  await page.waitForFunction(() => document.querySelector("#announcer")?.textContent !== "");
});

test("what changes keeps its focus, and stays unfolded", async (t) => {
  const page = await open(t);
  const answer = fetch(`${base}/slow/1500`, { headers: { authorization: `Bearer ${SECRET}` } });
  const slow = row(page, "/slow/1500");
  await slow.getByRole("button").focus();
  assert.equal(await slow.locator("td.status", { hasText: "200" }).count(), 0, "it is not answered yet");
  await slow.locator("td.status", { hasText: "200" }).waitFor();
  assert.equal((await answer).status, 200);
  assert.match(await page.evaluate(() => document.activeElement?.outerHTML ?? ""), /^<button.*\/slow\/1500/);

  await page.keyboard.press("Enter");
  const detail = page.getByRole("tabpanel", { name: "Invocation" });
  const raw = detail.getByRole("region", { name: "The answer as the program gave it" });
  await detail.getByText("As the program gave it").click();
  await raw.waitFor();
  await detail.getByRole("button", { name: /^Show \d+ secrets?$/ }).click();
  await detail.getByRole("region", { name: "Event" }).getByText(SECRET).waitFor();
  assert.ok(await raw.isVisible(), "it is unfolded still");
});

test("what comes from outside stays text", async (t) => {
  const page = await open(t);
  const hostile = "/say/" + encodeURIComponent("<img src=x onerror=document.title='owned'>");
  await fetch(base + hostile, { headers: { "x-hostile": "<script>document.title='owned'</script>" } });
  await row(page, "%3Cimg").getByRole("button").click();
  await page.getByRole("region", { name: "Event" }).getByText("document.title='owned'").waitFor();
  await page.getByRole("tab", { name: "Send" }).click();
  await page.getByRole("radio", { name: "an event" }).check();
  await page.getByLabel("Event, as JSON").fill(JSON.stringify({ source: "<b>x</b>", "detail-type": "<img src=x onerror=alert(1)>" }));
  await page.getByRole("button", { name: "Send" }).click();
  await row(page, "<img src=x onerror=alert(1)>").waitFor();
  assert.equal(await page.locator("main img, main b:has-text('x') b").count(), 0);
  assert.notEqual(await page.title(), "owned");
});

test("the page fits every width, in both colour schemes, without a barrier", async (t) => {
  const page = await open(t);
  await fetch(`${base}/say/for-the-picture?with=a&rather=long-query&that=does&not=fit`);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    for (const width of [360, 768, 1280, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      for (const tab of ["Invocation", "Send", /^Containers/, "Environment"]) {
        if (tab === "Invocation") await row(page, "/say/for-the-picture").getByRole("button").click();
        await page.getByRole("tab", { name: tab }).click();
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `${tab} needs ${wide} of ${width} pixels`);
        const name = `${String(tab).replace(/\W/g, "").toLowerCase()}-${colorScheme}-${width}`;
        await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
        if (width === 360 || width === 1280) await accessible(page, name);
      }
    }
  }
  const colours = [];
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
  }
  assert.notEqual(colours[0], colours[1]);
});

test("the page comes back when the server does", async (t) => {
  const other = new Project();
  const first = await other.serve();
  t.after(() => other.stop());
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${first}/__trap`);
  await page.locator("#stage-text").getByText(/Version 1 answers/).waitFor();
  await fetch(`${first}/say/before`);
  await row(page, "/say/before").waitFor();
  other.server.kill("SIGTERM");
  await other.ended;
  await page.locator("#stage-text").getByText("The server does not answer").waitFor();
  await other.serve("--port", new URL(first).port);
  await page.locator("#stage-text").getByText(/Version 1 answers/).waitFor();
  await page.waitForFunction(() => !document.body.innerText.includes("/say/before"));
  await fetch(`${first}/say/after`);
  await row(page, "/say/after").waitFor();
});
