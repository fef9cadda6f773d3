import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decode, literalsOf } from "../src/decode.js";
import { fakeHost } from "./fake-host.js";

/** A program of 30 bytes, as two literals. */
const TEXTS = ["f0VMRgIBAQAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAA="] as const;
const SIZE = 29;
const BYTES = Buffer.concat(TEXTS.map((text) => Buffer.from(text, "base64"))).toString("latin1");

/** A function that JavaScript really reads from this source. */
function fromSource(source: string): () => readonly string[] {
  return new Function(`return (${source});`)() as () => readonly string[];
}

function decoded(function_: () => readonly string[], size = SIZE): { origin: string; content: string | undefined } {
  const { host, files } = fakeHost();
  const output = host.create("/t/new", 0o755);
  const origin = decode("hello", { sha256: "00", size }, function_, output);
  return { origin, content: files.get("/t/new")?.content };
}

describe("the literals of a payload are found in source with", () => {
  const [a, b] = TEXTS;
  const sources: Record<string, string> = {
    "double quotes, one per line": `function x64() { return [\n"${a}",\n"${b}",\n]; }`,
    "single quotes": `function x64() { return ['${a}','${b}'] }`,
    "backticks": `function x(){return[\`${a}\`,\`${b}\`]}`,
    "Windows line ends and tabs": `function x64() {\r\n\treturn [\r\n\t\t"${a}",\r\n\t\t"${b}"\r\n\t];\r\n}`,
    "an arrow": `() => ["${a}", "${b}"]`,
  };
  for (const [name, source] of Object.entries(sources)) {
    test(name, () => assert.deepEqual(literalsOf(source), TEXTS));
  }
});

describe("source is refused when", () => {
  const sources: Record<string, string> = {
    "there is no program in it": `function x() { return data; }`,
    "literals are joined by an operator": `function x() { return ["${TEXTS[0]}" + "${TEXTS[1]}"]; }`,
    "the array is made by a call": `function x() { return "${TEXTS.join(".")}".split("."); }`,
    "quotes are mixed": `function x() { return ["${TEXTS[0]}", '${TEXTS[1]}']; }`,
    "the text is cut off": `function x() { return ["${TEXTS[0]}`,
    "the program is not at the start of a literal": `function x() { return ["AAAA${TEXTS[0]}"]; }`,
    "a comment stands between literals": `function x() { return ["${TEXTS[0]}", /* more */ "${TEXTS[1]}"]; }`,
  };
  for (const [name, source] of Object.entries(sources)) {
    test(name, () => assert.equal(literalsOf(source), undefined));
  }
});

test("a payload is decoded from its source, and the function is not called", () => {
  const never = fromSource(`function x64() { throw new Error("called"); return ["${TEXTS[0]}", "${TEXTS[1]}"]; }`);
  assert.deepEqual(decoded(never), { origin: "source text", content: BYTES });
});

test("a function without readable source is called", () => {
  assert.deepEqual(decoded(() => TEXTS), { origin: "evaluated", content: BYTES });
});

test("source with escapes is dropped, what it wrote with it, and the function is called", () => {
  const escaped = fromSource(`function x64() { return ["${TEXTS[0]}", "\\x41${TEXTS[1].slice(1)}"]; }`);
  assert.deepEqual(decoded(escaped), { origin: "evaluated", content: BYTES });
});

test("a literal longer than 64 KiB is decoded in parts", () => {
  const bytes = Buffer.concat([Buffer.from(BYTES, "latin1"), Buffer.alloc(200_000)]);
  const one = fromSource(`function x64() { return ["${bytes.toString("base64")}"]; }`);
  assert.equal(decoded(one, bytes.length).content?.length, bytes.length);
});

describe("a payload is damaged when", () => {
  const [a, b] = TEXTS;
  const damaged: Record<string, () => readonly string[]> = {
    "a literal is missing": fromSource(`function x() { return ["${a}"]; }`),
    "a literal has one character too few": fromSource(`function x() { return ["${a}", "${b.slice(1)}"]; }`),
    "four characters are missing": fromSource(`function x() { return ["${a}", "${b.slice(4)}"]; }`),
    "a character is not of the alphabet": fromSource(`function x() { return ["${a}", "!${b.slice(1)}"]; }`),
    "padding stands in the middle": fromSource(`function x() { return ["${a.slice(0, -4)}AA==", "${b}"]; }`),
    "the function returns something else": (() => [1, 2]) as never,
  };
  for (const [name, function_] of Object.entries(damaged)) {
    test(name, () => assert.throws(() => decoded(function_), { code: "TRAP_PAYLOAD_DAMAGED", message: /`hello`.* 29 bytes/ }));
  }
});
