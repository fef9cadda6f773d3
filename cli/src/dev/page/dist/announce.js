import { byId } from "./dom.js";
const PAUSE_MS = 1500;
let waiting;
let timer;
export function say(text) {
    waiting = text;
    if (timer === undefined)
        speak();
}
function speak() {
    timer = undefined;
    if (waiting === undefined)
        return;
    byId("announcer").textContent = waiting;
    waiting = undefined;
    timer = setTimeout(speak, PAUSE_MS);
}
export function alarm(text) {
    byId("alarm").textContent = text;
}
