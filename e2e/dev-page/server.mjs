// A project that is edited and the server that serves it, for the tests of the page.
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The command line of this checkout, or the one that `CARGO_TRAP_E2E_CLI` names. */
const cli = process.env.CARGO_TRAP_E2E_CLI ?? join(root, "target/debug/cargo-trap");

export class Project {
  constructor() {
    const base = join(root, "target/tmp/dev-page");
    mkdirSync(base, { recursive: true });
    this.folder = mkdtempSync(join(base, "project-"));
    this.write("Cargo.toml", '[package]\nname = "edited"\nversion = "0.1.0"\nedition = "2024"\n\n[profile.dev]\ndebug = false\n\n[workspace]\n');
    this.write(".gitignore", "/target\n");
    mkdirSync(join(this.folder, "src"), { recursive: true });
    copyFileSync(join(root, "e2e/tests/dev/program.rs"), join(this.folder, "src/main.rs"));
    this.answer("one");
  }

  write(path, text) {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  answer(text) {
    this.write("src/answer.rs", `pub const ANSWER: &str = ${JSON.stringify(text)};\npub const EXIT: bool = false;\n`);
  }

  /** Serves, and gives the address once the first version answers. */
  async serve(...options) {
    this.server = spawn(cli, ["trap", "dev", "--offline", "--platform", "lambda", ...(options.includes("--port") ? [] : ["--port", "0"]), "--message-format", "json", ...options], {
      cwd: this.folder,
      env: { ...process.env, CARGO_TARGET_DIR: join(this.folder, "target"), NODE_EXTRA_CA_CERTS: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    this.server.stderr.on("data", (chunk) => (said += chunk));
    const ended = new Promise((resolve) => this.server.once("exit", resolve));
    this.ended = ended;
    const lines = createInterface({ input: this.server.stdout });
    let url;
    return await new Promise((resolve, reject) => {
      void ended.then((status) => reject(new Error(`the server ended with ${status}:\n${said}`)));
      lines.on("line", (line) => {
        const event = JSON.parse(line);
        if (event.reason === "trap-serving") url = event.url;
        if (event.reason === "trap-version") resolve(url);
      });
    });
  }

  async stop() {
    this.server.kill("SIGTERM");
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
