import { Refused, send } from "./api.js";
import { byId, el } from "./dom.js";
const form = () => byId("form");
let base = null;
let all = [];
function field(name) {
    return form().elements.namedItem(name);
}
export function listen(examples, sent) {
    all = examples;
    const options = examples.map(({ name, about }) => el("option", { value: name }, `${name}: ${about}`));
    field("example").replaceChildren(el("option", { value: "" }, "none: an event of your own"), ...options);
    form().addEventListener("change", (event) => {
        const { name } = event.target;
        if (name === "kind")
            choose();
        if (name === "example")
            fill();
    });
    form().addEventListener("reset", () => {
        rebase(null);
        complain(null);
        setTimeout(choose);
    });
    form().addEventListener("submit", (event) => {
        event.preventDefault();
        void submit(sent);
    });
    form().addEventListener("keydown", (event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
            form().requestSubmit();
    });
    choose();
}
function kind() {
    return new FormData(form()).get("kind") === "event" ? "event" : "http";
}
function choose() {
    byId("form-http").hidden = kind() !== "http";
    byId("form-event").hidden = kind() !== "event";
    if (kind() === "event" && field("event").value === "" && field("example").value === "") {
        field("example").value = all[0]?.name ?? "";
        fill();
    }
}
function fill() {
    const example = all.find(({ name }) => name === field("example").value);
    if (example === undefined)
        return;
    rebase(null);
    field("event").value = example.text;
}
async function submit(sent) {
    complain(null);
    try {
        const { number } = await send(wanted());
        sent(number);
    }
    catch (error) {
        complain(error instanceof Refused ? error.message : "the server does not answer");
    }
}
function wanted() {
    if (kind() === "event")
        return { kind: "event", event: field("event").value, base };
    const lines = field("headers").value.split("\n").map((line) => line.trim());
    return {
        kind: "http",
        method: field("method").value.trim(),
        path: field("path").value.trim(),
        headers: lines.filter((line) => line !== ""),
        body: field("body").value === "" ? null : field("body").value,
        base,
    };
}
function complain(text) {
    const place = byId("form-error");
    place.hidden = text === null;
    place.textContent = text;
}
function rebase(number) {
    base = number;
    const note = byId("form-base");
    note.hidden = number === null;
    note.textContent =
        number === null ? "" : `From invocation ${number}. Its secrets are sent where their marks («secret 1») stand.`;
}
export function edit(detail) {
    form().reset();
    const text = detail.event.text ?? "";
    const request = detail.event.cut ? undefined : asRequest(text);
    setTimeout(() => {
        rebase(detail.number);
        const chosen = request === undefined ? "event" : "http";
        for (const radio of form().querySelectorAll("input[name=kind]")) {
            radio.checked = radio.value === chosen;
        }
        if (request === undefined)
            field("event").value = text;
        else {
            field("method").value = request.method;
            field("path").value = request.path;
            field("headers").value = request.headers.join("\n");
            field("body").value = request.body;
        }
        choose();
        field(request === undefined ? "event" : "path").focus();
    });
}
const OWN = ["content-length", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-port", "connection"];
function asRequest(text) {
    let event;
    try {
        event = JSON.parse(text);
    }
    catch {
        return undefined;
    }
    const method = event.requestContext?.http?.method;
    if (typeof method !== "string" || typeof event.rawPath !== "string" || event.isBase64Encoded === true)
        return undefined;
    const query = typeof event.rawQueryString === "string" && event.rawQueryString !== "" ? `?${event.rawQueryString}` : "";
    const headers = Object.entries(event.headers ?? {})
        .filter(([name]) => !OWN.includes(name))
        .map(([name, value]) => `${name}: ${String(value)}`);
    if (Array.isArray(event.cookies) && event.cookies.length > 0)
        headers.push(`cookie: ${event.cookies.join("; ")}`);
    return { method, path: event.rawPath + query, headers, body: typeof event.body === "string" ? event.body : "" };
}
