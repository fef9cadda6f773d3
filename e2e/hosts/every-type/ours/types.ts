// What the values of the types are to our client.
export type * from "./client.js";
