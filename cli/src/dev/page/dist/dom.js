export function el(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    set(element, attributes);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}
export function svg(tag, attributes = {}, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    set(element, attributes);
    element.append(...children);
    return element;
}
function set(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value === true)
            element.setAttribute(name, "");
        else if (value !== false && value !== undefined)
            element.setAttribute(name, value);
    }
}
export function byId(id) {
    const element = document.getElementById(id);
    if (element === null)
        throw new Error(`the page has no #${id}`);
    return element;
}
export function span(ms) {
    if (ms < 9.95)
        return `${ms.toFixed(1)}\u00a0ms`;
    if (ms < 999.5)
        return `${ms.toFixed(0)}\u00a0ms`;
    return `${(ms / 1000).toFixed(2)}\u00a0s`;
}
export function size(bytes) {
    if (bytes < 1024)
        return `${bytes}\u00a0B`;
    if (bytes < 1024 * 1024)
        return `${(bytes / 1024).toFixed(1)}\u00a0KiB`;
    return `${(bytes / 1024 / 1024).toFixed(1)}\u00a0MiB`;
}
export function clock(epoch) {
    const date = new Date(epoch);
    const two = (number) => String(number).padStart(2, "0");
    const ms = String(date.getMilliseconds()).padStart(3, "0");
    return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}
export function counted(count, word) {
    return `${count}\u00a0${word}${count === 1 ? "" : "s"}`;
}
