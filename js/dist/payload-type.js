/**
 * What a generated payload module says, and what the generated class may ask for.
 */
export {};
