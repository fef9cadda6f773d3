/**
 * A client of Genezio's under the types that the class has in Rust: ask through what is returned. `fetch` makes its
 * requests from then on, and what they bring is no longer what the client's own types say.
 */
export function complete(client: {
  readonly remote: { url: any; deserialize(error: any): any; call(method: any, ...values: any[]): Promise<any> };
}): TheClass {
  const { remote } = client;
  remote.call = async (method: string, ...values: unknown[]): Promise<any> => {
    // The class may have another name in Genezio's hands.
    const known = methods[method.slice(method.indexOf(".") + 1)];
    const params = values.map((value, index) => sent(value, known?.names[index] ?? "argument"));
    const body = JSON.stringify({ jsonrpc: "2.0", method, params, id: 1 });
    const headers = { "content-type": "application/json" };
    const response = await fetch(remote.url, { method: "POST", headers, body });
    const text = await response.text();
    let reply: any;
    try {
      reply = JSON.parse(text, received);
    } catch {
      // Said below.
    }
    if (reply?.error) throw remote.deserialize(reply.error);
    if (reply?.jsonrpc !== "2.0" || !("result" in reply)) {
      const start = text.length > 200 ? text.slice(0, 200) + "…" : text;
      throw new Error(`\`${method}\` was answered ${response.status} and no result: ${start}`);
    }
    return known ? known.made(reply.result) : reply.result;
  };
  return client as unknown as TheClass;
}
