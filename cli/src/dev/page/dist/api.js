const BASE = "/__trap/api";
export class Refused extends Error {
}
async function ask(path, init) {
    const response = await fetch(`${BASE}${path}`, init);
    const answer = await response.json();
    if (response.ok)
        return answer;
    const { message, hint } = answer;
    throw new Refused([message ?? `the server answered ${response.status}`, hint].filter(Boolean).join("; "));
}
function post(path, body) {
    return ask(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
    });
}
export const about = () => ask("/about");
export const examples = () => ask("/examples");
export const environment = (reveal) => ask(`/environment${reveal ? "?reveal" : ""}`);
export const invocation = (number, reveal) => ask(`/invocations/${number}${reveal ? "?reveal" : ""}`);
export const container = (number) => ask(`/containers/${number}`);
export const again = (number) => post(`/invocations/${number}/again`, {});
export const send = (wanted) => post("/send", wanted);
export const file = (number, what) => `${BASE}/invocations/${number}/${what}`;
export function live(update, lost) {
    const source = new EventSource(`${BASE}/live`);
    source.onmessage = (message) => update(JSON.parse(message.data));
    source.onerror = () => {
        lost();
        if (source.readyState === EventSource.CLOSED)
            setTimeout(() => live(update, lost), 1000);
    };
}
