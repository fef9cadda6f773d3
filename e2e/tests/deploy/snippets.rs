//! Each snippet is given to the tool that it is for, which has to make the function of it that the artifact needs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use e2e::subject::{Arch, Node};
use e2e::{Result, artifact, tools};
use serde_json::Value;

use crate::Case;
use crate::endpoint::sha256;
use crate::place::{Place, ensure};

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "snippets/cdk-synthesises-the-artifact",
            needs: || tools::cdk().and(node()).map(drop),
            play: cdk,
        },
        Case {
            name: "snippets/sst-is-strict-typescript-and-says-the-same",
            needs: || tools::cdk().and(node()).map(drop),
            play: sst,
        },
        Case {
            name: "snippets/serverless-packages-the-artifact",
            needs: || tools::osls().and(node()).map(drop),
            play: serverless,
        },
        Case {
            name: "snippets/sam-is-a-template-without-a-complaint",
            needs: || tools::cfn_lint().map(drop),
            play: sam,
        },
        Case {
            name: "snippets/the-linter-is-heard-when-it-complains",
            needs: || tools::cfn_lint().map(drop),
            play: linter,
        },
    ]
}

fn node() -> Result<PathBuf> {
    tools::node(Arch::X64, Node::V22)
}

const ARTIFACT: &str = "target/trap/lambda/app";

/// What AWS calls an architecture.
fn aws(arch: Arch) -> &'static str {
    match arch {
        Arch::X64 => "x86_64",
        Arch::Arm64 => "arm64",
    }
}

/// What is asked of one architecture alone: what is right for one may be wrong for the other.
fn takeover(arch: Arch) -> &'static str {
    match arch {
        Arch::X64 => "auto",
        Arch::Arm64 => "wrapper",
    }
}

/// A place with the artifact of a program, and a file with the snippet.
fn snippet(tool: &str, file: &str, arch: Arch) -> Result<Place> {
    let place = Place::new(arch)?;
    let build = ["build", "--program", "app", "--platform", "lambda", "--zip", "--takeover", takeover(arch)];
    place.succeed(&build)?;
    let text = place.succeed(&["platforms", "lambda", "--snippet", tool, "--artifact", ARTIFACT])?;
    place.write(file, &text)?;
    Ok(place)
}

/// Plays a case with either architecture and its takeover.
fn for_each(play: fn(Arch) -> Result<()>) -> Result<()> {
    [Arch::X64, Arch::Arm64]
        .into_iter()
        .try_for_each(|arch| play(arch).map_err(|error| format!("{arch}: {error}")))
}

/// The function must be what the record of the artifact says.
fn check_function(
    place: &Place,
    arch: Arch,
    [handler, runtime, architectures, environment]: [&Value; 4],
) -> Result<()> {
    let record = place.json(&format!("{ARTIFACT}/trap/app.json"))?;
    ensure(*handler == record["handler"] && handler.is_string(), || format!("handler {handler}"))?;
    ensure(*runtime == "nodejs22.x", || format!("runtime {runtime}"))?;
    ensure(*architectures == serde_json::json!([aws(arch)]), || format!("architectures {architectures}"))?;
    let wanted = match takeover(arch) {
        "wrapper" => {
            serde_json::json!({ "AWS_LAMBDA_EXEC_WRAPPER": format!("/var/task/trap/app.{arch}.bin") })
        }
        _ => Value::Null,
    };
    ensure(*environment == wanted, || format!("environment {environment}, not {wanted}"))
}

/// What CloudFormation says of a function.
fn facts(properties: &Value) -> [&Value; 4] {
    let [handler, runtime, architectures] =
        ["Handler", "Runtime", "Architectures"].map(|name| &properties[name]);
    [handler, runtime, architectures, &properties["Environment"]["Variables"]]
}

/// Every file with its content and whether it may be executed.
fn files(folder: &Path) -> Result<BTreeMap<String, (String, bool)>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).map_err(|error| format!("`{}`: {error}", next.display()))? {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let mode = fs::metadata(&path).map_err(|error| error.to_string())?.permissions().mode();
            let name = path.strip_prefix(folder).map_err(|error| error.to_string())?.display().to_string();
            found.insert(name, (artifact::sha256(&path)?, mode & 0o111 != 0));
        }
    }
    Ok(found)
}

/// The one resource of a type.
fn resource<'t>(template: &'t Value, kind: &str) -> Result<&'t Value> {
    let resources = template["Resources"].as_object().ok_or("a template without resources")?;
    let mut found = resources.values().filter(|resource| resource["Type"] == kind);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(format!("not one {kind} in {template}")),
    }
}

/// Type-checks under `strict`, and writes JavaScript.
fn tsc(place: &Place, file: &str) -> Result<()> {
    let modules = tools::cdk()?;
    let link = place.path("node_modules");
    std::os::unix::fs::symlink(&modules, &link).map_err(|error| error.to_string())?;
    place.write("package.json", r#"{ "type": "module" }"#)?;
    artifact::run(
        place
            .command(&node()?)
            .arg(modules.join("typescript/bin/tsc"))
            .args(["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node"])
            .arg(file),
    )
    .map(drop)
}

fn cdk() -> Result<()> {
    for_each(|arch| {
        let place = snippet("cdk", "stack.ts", arch)?;
        place.write(
            "app.ts",
            "import { App } from \"aws-cdk-lib\";\nimport { AppStack } from \"./stack.js\";\n\
             const app = new App({ outdir: \"cdk.out\" });\nnew AppStack(app, \"Test\");\napp.synth();\n",
        )?;
        tsc(&place, "app.ts")?;
        artifact::run(place.command(&node()?).arg("app.js"))?;
        let template = place.json("cdk.out/Test.template.json")?;
        let properties = &resource(&template, "AWS::Lambda::Function")?["Properties"];
        check_function(&place, arch, facts(properties))?;

        let assets = place.json("cdk.out/Test.assets.json")?;
        let files_of = |asset: &Value| -> Option<PathBuf> {
            let folder =
                asset["source"]["path"].as_str().filter(|_| asset["source"]["packaging"] == "zip")?;
            Some(place.path("cdk.out").join(folder))
        };
        let assets: Vec<_> = assets["files"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(_, asset)| files_of(asset))
            .collect();
        let [asset] = &assets[..] else { return Err(format!("not one asset: {assets:?}")) };
        let (synthesised, built) = (files(asset)?, files(&place.path(ARTIFACT))?);
        ensure(synthesised == built, || format!("the asset is {synthesised:#?}, the artifact {built:#?}"))?;
        let program = format!("trap/app.{arch}.bin");
        ensure(synthesised.get(&program).is_some_and(|(_, runs)| *runs), || {
            format!("`{program}` cannot be executed")
        })
    })
}

/// SST brings its types with its own download, so what stands here for them holds the snippet to the names and the kinds
/// of values that it documents.
const SST_TYPES: &str = "
type Input<T> = T;
interface FunctionArgs {
  bundle?: Input<string>;
  handler: Input<string>;
  runtime?: Input<'nodejs20.x' | 'nodejs22.x' | 'nodejs24.x'>;
  architecture?: Input<'arm64' | 'x86_64'>;
  memory?: Input<`${number} MB` | `${number} GB`>;
  timeout?: Input<`${number} second${'' | 's'}` | `${number} minute${'' | 's'}`>;
  url?: Input<boolean>;
  environment?: Input<Record<string, Input<string>>>;
}
declare namespace sst.aws { class Function { constructor(name: string, args: FunctionArgs); url: string } }
declare function $config(config: {
  app(input?: { stage: string }): { name: string; home: 'aws'; removal?: 'remove' | 'retain' };
  run(): Promise<Record<string, unknown>>;
}): unknown;
";

fn sst() -> Result<()> {
    for_each(|arch| {
        let place = snippet("sst", "sst.config.ts", arch)?;
        place.write(".sst/platform/config.d.ts", SST_TYPES)?;
        tsc(&place, "sst.config.ts")?;
        place.write(
            "run.mjs",
            "const made = [];\n\
             globalThis.sst = { aws: { Function: class { constructor(name, args) { made.push({ name, args }); } } } };\n\
             globalThis.$config = (config) => config;\n\
             const { default: config } = await import(\"./sst.config.js\");\n\
             const app = config.app({ stage: \"production\" });\nawait config.run();\n\
             console.log(JSON.stringify({ app, made }));\n",
        )?;
        let said = artifact::run(place.command(&node()?).arg("run.mjs"))?;
        let said: Value = serde_json::from_str(&said).map_err(|error| format!("{error}: {said}"))?;
        ensure(said["app"]["home"] == "aws" && said["app"]["removal"] == "retain", || said.to_string())?;
        let made = said["made"].as_array().filter(|made| made.len() == 1).ok_or("not one function")?;
        let args = &made[0]["args"];
        let architectures = serde_json::json!([args["architecture"]]);
        check_function(
            &place,
            arch,
            [&args["handler"], &args["runtime"], &architectures, &args["environment"]],
        )?;
        let bundle = place.path(args["bundle"].as_str().unwrap_or_default());
        ensure(files(&bundle)? == files(&place.path(ARTIFACT))?, || {
            format!("the bundle is {}", bundle.display())
        })
    })
}

fn serverless() -> Result<()> {
    for_each(|arch| {
        let place = snippet("serverless", "serverless.yml", arch)?;
        artifact::run(place.command(&node()?).arg(tools::osls()?).arg("package"))?;
        let template = place.json(".serverless/cloudformation-template-update-stack.json")?;
        let properties = &resource(&template, "AWS::Lambda::Function")?["Properties"];
        check_function(&place, arch, facts(properties))?;
        let version = resource(&template, "AWS::Lambda::Version")?;
        let zip = sha256(&place.read("target/trap/lambda/app.zip")?);
        ensure(version["Properties"]["CodeSha256"] == zip.as_str(), || {
            format!("it packages something else: {version}")
        })
    })
}

fn lint(place: &Place, file: &str) -> Result<()> {
    place.tool("cfn-lint", &tools::cfn_lint()?)?;
    artifact::run(place.command(&place.path("bin/cfn-lint")).args([
        "--non-zero-exit-code",
        "informational",
        file,
    ]))
    .map(drop)
}

fn sam() -> Result<()> {
    for_each(|arch| {
        let place = snippet("sam", "template.yaml", arch)?;
        lint(&place, "template.yaml")?;
        // What cfn-lint itself reads, with CloudFormation's own tags.
        let read = "import json, sys; from cfnlint.decode import decode; \
                    print(json.dumps(decode(sys.argv[1])[0], default=str))";
        place.tool(
            "read",
            &format!("PYTHONPATH='{}' python3 -c '{read}'", tools::cfn_lint_modules()?.display()),
        )?;
        let template = artifact::run(place.command(&place.path("bin/read")).arg("template.yaml"))?;
        let template: Value =
            serde_json::from_str(&template).map_err(|error| format!("{error}: {template}"))?;
        ensure(template["Transform"] == "AWS::Serverless-2016-10-31", || template.to_string())?;
        let function = resource(&template, "AWS::Serverless::Function")?;
        let properties = &function["Properties"];
        check_function(&place, arch, facts(properties))?;
        let code = place.path(properties["CodeUri"].as_str().unwrap_or_default());
        ensure(files(&code)? == files(&place.path(ARTIFACT))?, || format!("the code is {}", code.display()))
    })
}

fn linter() -> Result<()> {
    let place = snippet("sam", "template.yaml", Arch::X64)?;
    let text = String::from_utf8(place.read("template.yaml")?).map_err(|error| error.to_string())?;
    for (right, wrong) in
        [("Handler:", "Hndler:"), ("nodejs22.x", "nodejs12.x"), ("AppUrl.FunctionUrl", "NoUrl.FunctionUrl")]
    {
        ensure(text.contains(right), || format!("no `{right}` in {text}"))?;
        place.write("wrong.yaml", &text.replace(right, wrong))?;
        ensure(lint(&place, "wrong.yaml").is_err(), || format!("`{wrong}` went unheard"))?;
    }
    Ok(())
}
