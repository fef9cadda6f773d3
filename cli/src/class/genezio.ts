/** What a client of Genezio's makes its requests with. */
type Remote = { url: any; deserialize(error: any): any; call(method: any, ...values: any[]): Promise<any> };

/** What is known of a method. */
type Method = { names: readonly string[]; made: (result: any) => unknown };

/** Has the client send and give every type as it says; `fetch` makes its requests from then on. */
export function complete(client: { readonly remote: Remote }): void {
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
}
