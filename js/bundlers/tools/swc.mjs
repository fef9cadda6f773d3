/** swc: transforms one file, with its own minifier. */
import { writeFileSync } from "node:fs";
import { transformFile } from "@swc/core";

export async function bundle({ entry, outfile, format, minify }) {
  const { code } = await transformFile(entry, {
    swcrc: false,
    minify,
    module: { type: format === "cjs" ? "commonjs" : "es6" },
    jsc: {
      target: "es2022",
      parser: { syntax: entry.endsWith(".ts") ? "typescript" : "ecmascript" },
      minify: minify ? { compress: true, mangle: true } : undefined,
    },
  });
  writeFileSync(outfile, code);
}
