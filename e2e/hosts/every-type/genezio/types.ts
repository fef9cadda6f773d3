// What the values of the types are to Genezio's client, completed.
export type * from "./complete.js";
