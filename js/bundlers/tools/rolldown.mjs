/** rolldown, with the minifier of oxc. */
import { build } from "rolldown";

export async function bundle({ entry, outfile, format, minify }) {
  await build({ input: entry, platform: "node", logLevel: "silent", output: { file: outfile, format, minify } });
}
