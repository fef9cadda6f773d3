/** The handler of the Lambda function; reached only where nothing was handed over. */
export declare const handler: (event: unknown, context?: unknown) => Promise<unknown>;
