// Bundles the functions of a Netlify project as `netlify deploy` does, with the settings of its netlify.toml that matter.
//
//   node netlify-bundle.mjs <folder of zip-it-and-ship-it> <project> <name of the function> <folder for the zip>
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [bundler, project, name, to] = process.argv.slice(2);
const { zipFunctions } = await import(pathToFileURL(createRequire(join(bundler, "x.js")).resolve("@netlify/zip-it-and-ship-it")));
const config = { "*": { includedFiles: [`netlify/functions/${name}/trap/**`], includedFilesBasePath: project } };
await zipFunctions(join(project, "netlify/functions"), to, { basePath: project, archiveFormat: "zip", config });
