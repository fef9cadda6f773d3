// Stands in for the loader that Genezio generates for AWS Lambda: the class is constructed when the module
// is loaded, before the first poll. Only for starting the artifact on this machine; it is never deployed.
import { MyService } from "./my-service.js";

const instance = new MyService();

export const handler = (event) => instance.http(event);
