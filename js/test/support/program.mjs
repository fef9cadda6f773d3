// The real program that tests put into payloads: built once with rustc, for the machine the tests run on.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const source = join(root, "test", "program", "main.rs");
const targets = { x64: "x86_64-unknown-linux-musl", arm64: "aarch64-unknown-linux-musl" };

/** Bytes, size and hash of the program. Larger than 200 KB, so it takes several 64 KiB literals. */
export function program() {
  const target = targets[process.arch];
  const key = createHash("sha256").update(readFileSync(source)).update(target).digest("hex").slice(0, 16);
  const folder = join(root, "target", "test-program");
  const path = join(folder, key);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    const temporary = `${path}.${process.pid}`;
    const flags = ["--edition=2024", `--target=${target}`, "-Clinker=rust-lld", "-Cpanic=abort", "-Copt-level=s", "-Cstrip=symbols"];
    const built = spawnSync("rustc", [...flags, source, "-o", temporary], { encoding: "utf8" });
    if (built.status !== 0) {
      throw new Error(`rustc does not build the test program (rustup target add ${target}?):\n${built.stderr ?? built.error}`);
    }
    renameSync(temporary, path);
  }
  const bytes = readFileSync(path);
  if (bytes.length < 200_000) throw new Error(`the test program has only ${bytes.length} bytes: too few for several literals`);
  return { path, bytes, size: bytes.length, sha256: sha256(bytes) };
}

/** Lowercase hexadecimal SHA-256. */
export function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
