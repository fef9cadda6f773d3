//! `cargo trap platforms`.

use cargo_trap::platform;
use serde_json::Value;
use snapbox::{assert_data_eq, str};

use crate::sandbox::{Sandbox, X64, elf};

fn json(sandbox: &Sandbox, args: &[&str]) -> Vec<Value> {
    let output = sandbox.output(&[&["platforms", "--message-format", "json"], args].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn all_platforms_are_listed_with_their_limits_and_who_says_so() {
    let sandbox = Sandbox::new();
    let seen = sandbox.trap(&["platforms"]);
    assert!(seen.starts_with("exit: 0"), "{seen}");
    let listed = json(&sandbox, &[]);
    let platforms = platform::all().unwrap();
    assert_eq!(listed.len(), platforms.len());
    for (platform, line) in platforms.iter().zip(&listed) {
        let manifest = &platform.manifest;
        assert_eq!(line["reason"], "trap-platform");
        assert_eq!(line["name"], manifest.id.as_str());
        assert_eq!(line["limits"].as_array().unwrap().len(), manifest.limits.len());
        assert!(line["deploy"]["command"].as_str().unwrap().contains(&manifest.deploy.tool));
        assert!(seen.lines().any(|text| text.split_whitespace().next() == Some(&manifest.id)), "{seen}");
        for limit in &manifest.limits {
            assert!(seen.contains(&limit.source), "{seen}");
        }
    }
    assert_eq!(listed.iter().filter(|line| line["default"] == true).count(), 1);
}

#[test]
fn all_there_is_to_know_about_one_fits_on_a_screen() {
    assert_data_eq!(
        Sandbox::new().trap(&["platforms", "functions-framework"]),
        str![[r#"
exit: 0
----- stdout -----
platform    functions-framework
            Google Cloud Functions: an HTTP function for the Functions Framework
host        Google's Functions Framework, in Cloud Run functions or anywhere else
languages   js (default)
arch        x64 (default)
payload     file (default)
takeovers   bridge (default)
files       index.mjs and what it needs
            package.json: written once, yours from then on
limits      package: 500 MiB, uncompressed source of a function (500 MB)
              https://cloud.google.com/functions/quotas
            request: 32 MiB, request over HTTP/1 (32 MB)
              https://cloud.google.com/run/quotas
deploy      gcloud functions deploy NAME --source=target/trap/functions-framework/NAME
              the first time with --gen2 --runtime=nodejs22 --trigger-http --entry-point=handler
asks first  gcloud functions describe NAME --format=json
              and compares runtime, entry point; nothing of it is ever changed
tool        gcloud
              https://cloud.google.com/sdk/docs/install
login       run `gcloud auth login`
next        cd target/trap/functions-framework/NAME && npm install && npx functions-framework --target=handler    # on this machine
----- stderr -----

"#]]
    );
}

#[test]
fn every_platform_is_shown_with_its_limits_its_tool_and_its_next_steps() {
    let sandbox = Sandbox::new();
    for platform in platform::all().unwrap() {
        let manifest = &platform.manifest;
        let seen = sandbox.trap(&["platforms", &manifest.id]);
        for fact in manifest.limits.iter().map(|limit| &limit.source).chain([&manifest.deploy.tool]) {
            assert!(seen.contains(fact), "{}: {fact} in {seen}", manifest.id);
        }
        for name in manifest.snippets.keys() {
            assert!(seen.contains(&format!("platforms {} --snippet {name}", manifest.id)), "{seen}");
        }
        assert_eq!(json(&sandbox, &[&manifest.id])[0]["next"].as_array().unwrap().len(), manifest.next.len());
    }
}

#[test]
fn an_unknown_platform_or_snippet_is_answered_with_the_known_ones() {
    let sandbox = Sandbox::new();
    let seen = sandbox.trap(&["platforms", "lamda"]);
    assert!(seen.contains("a similar value exists: 'lambda'"), "{seen}");
    assert_data_eq!(
        sandbox.trap(&["platforms", "lambda", "--snippet", "terraform"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[no-snippet]: `lambda` has no snippet for `terraform`

hint: choose one of `cdk`, `sam`, `serverless`, `sst`

"#]]
    );
}

#[test]
fn a_snippet_is_about_the_artifact_that_is_named_else_the_crate_here_else_an_example() {
    let sandbox = Sandbox::new();
    let sam = ["platforms", "lambda", "--snippet", "sam"];
    let seen = sandbox.trap(&sam);
    assert!(seen.contains("CodeUri: \"target/trap/lambda/my-service\""), "{seen}");
    assert!(seen.contains("Note filled in for an example, `my-service`"), "{seen}");

    sandbox.write(
        "Cargo.toml",
        "[package]\nname = \"own-app\"\nedition = \"2024\"\n[package.metadata.trap]\narch = \"x64\"\n",
    );
    sandbox.write("src/main.rs", "fn main() {}\n");
    let seen = sandbox.trap(&sam);
    assert!(seen.contains("CodeUri: \"target/trap/lambda/own-app\"") && seen.contains("[x86_64]"), "{seen}");
    assert!(seen.contains("\n  OwnApp:\n") && !seen.contains("Note"), "{seen}");

    sandbox.write("app", elf(X64));
    sandbox.output(&["build", "--program", "app", "--platform", "lambda", "--out-dir", "it's/here"]);
    let seen = sandbox.trap(&[&sam[..], &["--artifact", "it's/here"]].concat());
    let uri = seen.lines().find_map(|line| line.trim().strip_prefix("CodeUri: ")).unwrap();
    assert_eq!(serde_json::from_str::<String>(uri).unwrap(), "it's/here", "quoted, whatever is in it");

    let line = &json(&sandbox, &["lambda", "--snippet", "cdk"])[0];
    assert_eq!(line["reason"], "trap-snippet");
    assert!(line["text"].as_str().unwrap().contains("Architecture.X86_64"));
}
