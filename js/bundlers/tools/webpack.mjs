/** webpack with terser, its minifier by default. */
import { basename, dirname } from "node:path";
import TerserPlugin from "terser-webpack-plugin";
import webpack from "webpack";

export async function bundle({ entry, outfile, format, minify }) {
  const esm = format === "esm";
  const compiler = webpack({
    entry,
    target: "node20",
    mode: "production",
    devtool: false,
    performance: false,
    experiments: { outputModule: esm },
    optimization: { minimize: minify, minimizer: [new TerserPlugin({ extractComments: false })] },
    output: {
      path: dirname(outfile),
      filename: basename(outfile),
      module: esm,
      library: { type: esm ? "module" : "commonjs2" },
    },
  });
  const stats = await new Promise((resolve, reject) => compiler.run((error, done) => (error ? reject(error) : resolve(done))));
  if (stats.hasErrors()) throw new Error(stats.toString());
}
