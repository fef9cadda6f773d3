/** esbuild, which platforms and CDKs use most. */
import { build } from "esbuild";

export async function bundle({ entry, outfile, format, minify }) {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: format === "cjs" ? "cjs" : "esm",
    minify,
    logLevel: "error",
  });
}
