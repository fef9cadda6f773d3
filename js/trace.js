// Stands at the top of a traced module: it takes the time where the untouched module has comments, and tells
// it once, on stderr, when the process is about to be handed over. Times are those of CLOCK_MONOTONIC. Where an
// artifact is several modules, they share what the first of them began.
const trapTrace = (globalThis.trapTrace ??= { loaded: process.hrtime.bigint(), last: 0n, laps: {}, told: false });
trapTrace.last ||= trapTrace.loaded;

function trapLap(name) {
  const now = process.hrtime.bigint();
  trapTrace.laps[name] = (trapTrace.laps[name] ?? 0) + Number(now - trapTrace.last);
  trapTrace.last = now;
  if (name !== "hand-over" || trapTrace.told) return;
  trapTrace.told = true;
  const told = JSON.stringify({ loaded: `${trapTrace.loaded}`, asked: `${now}`, laps: trapTrace.laps });
  process.getBuiltinModule("node:fs").writeSync(2, `trap-laps ${told}\n`);
}
