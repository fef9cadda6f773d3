/** Babel with preset-env and preset-typescript: it transforms one file, so it gets the single file. */
import { writeFileSync } from "node:fs";
import { transformFileAsync } from "@babel/core";

export async function bundle({ entry, outfile, format, minify }) {
  const { code } = await transformFileAsync(entry, {
    babelrc: false,
    configFile: false,
    compact: minify,
    presets: [
      ["@babel/preset-env", { targets: { node: "20" }, modules: format === "cjs" ? "commonjs" : false }],
      "@babel/preset-typescript",
    ],
  });
  writeFileSync(outfile, code);
}
