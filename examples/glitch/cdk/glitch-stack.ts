// One program, deployed twice: carried by a Node.js function, and alone on Amazon Linux. What differs is what starts it.
//
// `cargo trap build -p glitch --platform lambda` makes the artifact; its program is for arm64 unless told otherwise.
import { chmodSync, copyFileSync } from "node:fs";
import { join } from "node:path";
import { CfnOutput, DockerImage, Duration, Stack, type StackProps } from "aws-cdk-lib";
import { Architecture, Code, Function, FunctionUrlAuthType, Runtime } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";

export interface GlitchProps extends StackProps {
  /** The folder that `cargo trap build` has written, from the one in which `cdk` runs. */
  readonly artifact: string;
}

export class GlitchStack extends Stack {
  constructor(scope: Construct, id: string, { artifact, ...props }: GlitchProps) {
    super(scope, id, props);

    const common = {
      architecture: Architecture.ARM_64, // what the program was built for
      memorySize: 512, // a PNG is unpacked as a whole
      timeout: Duration.seconds(30),
    };

    // By trampoline: Node starts, loads `index.mjs`, and the program takes its place.
    const trampoline = new Function(this, "Trampoline", {
      ...common,
      runtime: Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: Code.fromAsset(artifact),
    });

    // Natively: Lambda starts the same program, which has to be called `bootstrap`.
    const native = new Function(this, "Native", {
      ...common,
      runtime: Runtime.PROVIDED_AL2023,
      handler: "bootstrap", // must be something, and nobody reads it
      code: Code.fromAsset(artifact, {
        bundling: {
          image: DockerImage.fromRegistry("none"), // asked for by the type; what is below needs none
          local: {
            tryBundle(folder: string): boolean {
              const bootstrap = join(folder, "bootstrap");
              copyFileSync(join(artifact, "trap", "glitch.arm64.bin"), bootstrap);
              chmodSync(bootstrap, 0o755);
              return true;
            },
          },
        },
      }),
    });

    // Anybody may call these URLs. CORS is the program's own affair, so that it is the same on every platform.
    for (const [name, service] of Object.entries({ trampoline, native })) {
      const url = service.addFunctionUrl({ authType: FunctionUrlAuthType.NONE });
      new CfnOutput(this, `Url-${name}`, { value: url.url });
    }
  }
}
