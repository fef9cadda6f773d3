import { App } from "aws-cdk-lib";
import { GlitchStack } from "./glitch-stack.js";

const app = new App();
new GlitchStack(app, "Glitch", { artifact: process.env.ARTIFACT ?? "../../../target/trap/lambda/glitch" });
app.synth();
