/**
 * The effects the bridge needs. `bridgeHost()` is the real one; tests pass a table.
 */
export {};
