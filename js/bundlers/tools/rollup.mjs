/** rollup reads JavaScript only. */
import { rollup } from "rollup";

export async function bundle({ entry, outfile, format }) {
  const bundle = await rollup({ input: entry });
  await bundle.write({ file: outfile, format });
  await bundle.close();
}
