/** Whether the sources are what serves, and if not, why. */

import { alarm, say } from "./announce.js";
import type { Build, Parts } from "./api.js";
import { byId, span } from "./dom.js";

let last: Build["stage"] | "lost" | undefined;

/** Shows how the build stands. */
export function show(build: Build, name: string): void {
  const words = stage(build);
  byId("stage").dataset["stage"] = build.stage;
  byId("stage-text").textContent = words;
  document.title = `${mark(build.stage)}${name} · cargo trap dev`;
  const { failure } = build;
  const section = byId("failure");
  section.hidden = failure === null;
  if (failure !== null) {
    const serving = build.serving === null ? "" : ` Version ${build.serving.number} goes on answering.`;
    byId("failure-title").textContent = build.said === null ? "The new version does not start" : "It does not compile";
    const words = build.said === null ? [failure.message, failure.hint].filter(Boolean).join(": ") : "";
    byId("failure-message").textContent = `${words}${serving}`.trim();
    const said = byId("failure-said");
    said.hidden = build.said === null;
    if (said.textContent !== (build.said ?? "")) said.textContent = build.said;
  }
  if (last !== build.stage) {
    if (build.stage === "failed") alarm(`${byId("failure-title").textContent}. ${failure?.message ?? ""}`);
    else {
      alarm("");
      say(words);
    }
  }
  last = build.stage;
}

/** Says that the server does not answer. */
export function lose(): void {
  if (last === "lost") return;
  last = "lost";
  byId("stage").dataset["stage"] = "lost";
  byId("stage-text").textContent = "The server does not answer; trying again";
  alarm("The server does not answer");
}

function mark(stage: Build["stage"]): string {
  if (stage === "failed") return "✗ ";
  return stage === "ready" ? "" : "… ";
}

function stage({ stage, changed, serving }: Build): string {
  const because = changed === null ? "" : ` because of ${changed}`;
  switch (stage) {
    case "compiling":
      return `Compiling${because}`;
    case "starting":
      return "Starting the new version";
    case "failed":
      return serving === null ? "Waiting for the next save" : `Version ${serving.number} answers; waiting for the next save`;
    case "ready":
      return serving === null ? "Ready" : `Version ${serving.number} answers, ready in ${parts(serving.parts)}`;
  }
}

function parts({ total, cargo, node, ours }: Parts): string {
  const told = [
    cargo === null ? null : `cargo ${span(cargo)}`,
    node === null ? null : `Node ${span(node)}`,
    `the rest ${span(ours)}`,
  ];
  return `${span(total)}: ${told.filter((part) => part !== null).join(", ")}`;
}
