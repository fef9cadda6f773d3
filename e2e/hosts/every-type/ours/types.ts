// What the values of the types are to our client.
export type * from "./client.js";

export type Bytes = Uint8Array;
export const asBytes = (list: number[]): Bytes => Uint8Array.from(list);
