// Runs one bundler in a process of its own: some need a newer Node than the tests, and some keep threads.
const [tool, options] = process.argv.slice(2);
const { bundle } = await import(new URL(`${tool}.mjs`, import.meta.url));
await bundle(JSON.parse(options));
process.exit(0);
