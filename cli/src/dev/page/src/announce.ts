/** Words for people who do not look: said one at a time, and never more often than they can be heard. */

import { byId } from "./dom.js";

const PAUSE_MS = 1500;

let waiting: string | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something when there is a pause; what waited for one is replaced. */
export function say(text: string): void {
  waiting = text;
  if (timer === undefined) speak();
}

function speak(): void {
  timer = undefined;
  if (waiting === undefined) return;
  byId("announcer").textContent = waiting;
  waiting = undefined;
  timer = setTimeout(speak, PAUSE_MS);
}

/** Says something at once. */
export function alarm(text: string): void {
  byId("alarm").textContent = text;
}
