// What the values of the types are to Genezio's client.
export type * from "@genezio-sdk/every-type";

export type Bytes = number[];
export const asBytes = (list: number[]): Bytes => list;

// What it has no form for.
export type Flat = any;
export type Mixed = any;
export type Planned = any;
export type When = any;
export type Renamed = any;
