/** The handler of the Lambda function; reached only where Node stays. */
export declare const handler: (event: unknown, context?: unknown) => Promise<unknown>;
