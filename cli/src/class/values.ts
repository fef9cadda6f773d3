/** A value as it travels; what JSON has no form for is told by its place. */
function sent(value: unknown, place: string): unknown {
  if (typeof value === "bigint") return { $bigint: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new TypeError(`\`${place}\` is ${value}, which JSON has no form for`);
  }
  if (typeof value === "string" && /\p{Surrogate}/u.test(value)) {
    throw new TypeError(`\`${place}\` has half of a surrogate pair in it, which no text in Rust has`);
  }
  if (typeof value === "undefined") return null;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new TypeError(`\`${place}\` is an invalid date`);
    return value.toISOString();
  }
  if (value instanceof Uint8Array) return Array.from(value);
  if (Array.isArray(value)) return value.map((one, index) => sent(one, `${place}[${index}]`));
  const fields = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(fields.map(([name, one]) => [name, sent(one, `${place}.${name}`)]));
}

/** Numbers that a `number` would round travel as text. */
function received(_: string, value: any): unknown {
  return typeof value?.$bigint === "string" && Object.keys(value).length === 1 ? BigInt(value.$bigint) : value;
}
