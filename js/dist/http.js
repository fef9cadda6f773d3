/**
 * HTTP as the bridge sees it, whatever the host's own shape is: between a platform's adapter and the events
 * of Lambda.
 */
export {};
