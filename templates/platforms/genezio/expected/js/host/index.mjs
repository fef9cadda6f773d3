// Stands in for the loader that Genezio generates for AWS Lambda: the class is constructed when the module
// is loaded, before the first poll. Only for starting the artifact on this machine; it is never deployed.
import { MyService } from "./my-service.js";

const instance = new MyService();

export const handler = ({ requestContext, rawPath, headers, queryStringParameters, body, isBase64Encoded }) =>
  instance.http({
    headers,
    http: { ...requestContext.http, path: `/MyService/http${rawPath}` },
    queryStringParameters,
    body: isBase64Encoded ? Buffer.from(body, "base64") : body,
    rawBody: body,
  });
