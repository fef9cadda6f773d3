//! The real AWS command line, called by `cargo trap deploy`, against an endpoint on this machine.

use std::io::Cursor;
use std::process::Command;

use axum::http::{Method, StatusCode};
use e2e::subject::Arch;
use e2e::{Result, artifact, tools};

use crate::Case;
use crate::endpoint::{Endpoint, function, sha256};
use crate::place::{Place, ensure, outcome};

pub fn cases() -> Vec<Case> {
    let needs = || tools::aws().map(drop);
    let case = |name, play| Case { name, needs, play };
    vec![
        case("aws/code-is-replaced-and-nothing-else-is-called", code_is_replaced),
        case("aws/an-existing-artifact-is-uploaded-as-it-is", an_existing_artifact),
        case("aws/a-function-of-another-architecture-is-left-alone", another_architecture),
        case("aws/a-missing-function-is-named-before-anything-is-built", a_missing_function),
        case("aws/missing-and-expired-credentials-are-a-missing-login", credentials),
        case("aws/the-tools-refusal-and-status-are-passed-on", a_refusal),
        case("aws/arguments-reach-both-calls", arguments),
        case("aws/without-a-region-the-tool-says-so", no_region),
    ]
}

const DEPLOY: [&str; 5] = ["deploy", "--program", "app", "--platform", "lambda"];

/// `cargo trap …` of somebody with an account at the endpoint.
fn trap(place: &Place, endpoint: &Endpoint, args: &[&str]) -> Result<Command> {
    place.tool("aws", &tools::aws()?)?;
    let mut command = place.trap(args)?;
    command
        .env("AWS_ENDPOINT_URL", &endpoint.url)
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        // There is no instance to ask for credentials, and asking takes seconds.
        .env("AWS_EC2_METADATA_DISABLED", "true");
    Ok(command)
}

fn run(place: &Place, endpoint: &Endpoint, args: &[&str]) -> Result<(Option<i32>, String, String)> {
    let output = trap(place, endpoint, args)?.output().map_err(|error| error.to_string())?;
    Ok(outcome(&output))
}

const BOTH_CALLS: [&str; 2] = ["GET app configuration", "PUT app code"];

fn code_is_replaced() -> Result<()> {
    let place = Place::new(Arch::X64)?;
    let before = function("x86_64");
    let endpoint = Endpoint::start(Some(before.clone()))?;
    let (status, stdout, stderr) = run(&place, &endpoint, &DEPLOY)?;
    ensure(status == Some(0), || format!("{status:?}: {stdout}{stderr}"))?;
    ensure(endpoint.calls() == BOTH_CALLS, || format!("{:?}", endpoint.calls()))?;
    ensure(endpoint.function() == Some(before), || "settings were changed".to_owned())?;

    let [zip] = &endpoint.uploads()[..] else { return Err("not one upload".to_owned()) };
    ensure(*zip == place.read("target/trap/lambda/app.zip")?, || "not the zip of the build".to_owned())?;
    let answer: serde_json::Value =
        serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stdout}"))?;
    ensure(answer["CodeSha256"] == sha256(zip).as_str(), || format!("the tool's own answer: {stdout}"))?;

    // What arrived is whole, and the program may be executed.
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).map_err(|error| error.to_string())?;
    let program = archive.by_name("trap/app.x64.bin").map_err(|error| error.to_string())?.unix_mode();
    ensure(program.is_some_and(|mode| mode & 0o777 == 0o755), || format!("mode {program:?}"))?;
    let unpacked = place.path("unpacked");
    archive.extract(&unpacked).map_err(|error| error.to_string())?;
    for file in ["index.mjs", "trap/app.x64.bin", "trap/app.x64.stub"] {
        let built = artifact::sha256(&place.path("target/trap/lambda/app").join(file))?;
        ensure(artifact::sha256(&unpacked.join(file))? == built, || format!("`{file}` differs"))?;
    }
    Ok(())
}

fn an_existing_artifact() -> Result<()> {
    let place = Place::new(Arch::Arm64)?;
    place.succeed(&["build", "--program", "app", "--platform", "lambda"])?;
    let endpoint = Endpoint::start(Some(function("arm64")))?;
    let args = ["deploy", "target/trap/lambda/app", "--message-format", "json"];
    let (status, stdout, stderr) = run(&place, &endpoint, &args)?;
    ensure(status == Some(0), || format!("{status:?}: {stdout}{stderr}"))?;
    let line: serde_json::Value =
        serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stdout}"))?;
    ensure(line["reason"] == "trap-deployment", || stdout)?;
    ensure(stderr.contains("\"CodeSha256\""), || format!("the tool's answer is talk here: {stderr}"))?;
    ensure(!stderr.contains("Packaged"), || format!("it was built: {stderr}"))?;
    ensure(endpoint.calls() == BOTH_CALLS, || format!("{:?}", endpoint.calls()))
}

fn another_architecture() -> Result<()> {
    let place = Place::new(Arch::X64)?;
    let endpoint = Endpoint::start(Some(function("arm64")))?;
    let (status, _, stderr) = run(&place, &endpoint, &DEPLOY)?;
    ensure(status == Some(2), || format!("{status:?}: {stderr}"))?;
    ensure(
        stderr.contains(
            "error[function-differs]: `app` has architecture `arm64`, and the artifact needs `x86_64`",
        ),
        || stderr.clone(),
    )?;
    ensure(endpoint.calls() == BOTH_CALLS[..1], || format!("{:?}", endpoint.calls()))?;
    ensure(!place.path("target").exists(), || "it was built for nothing".to_owned())
}

fn a_missing_function() -> Result<()> {
    let place = Place::new(Arch::X64)?;
    let endpoint = Endpoint::start(None)?;
    let (status, _, stderr) = run(&place, &endpoint, &DEPLOY)?;
    ensure(status == Some(2) && stderr.contains("error[no-function]"), || format!("{status:?}: {stderr}"))?;
    ensure(stderr.contains("--snippet cdk"), || format!("how to create one: {stderr}"))?;
    ensure(!place.path("target").exists(), || "it was built for nothing".to_owned())
}

fn credentials() -> Result<()> {
    let place = Place::new(Arch::X64)?;
    let endpoint = Endpoint::start(Some(function("x86_64")))?;
    let mut anonymous = trap(&place, &endpoint, &DEPLOY)?;
    anonymous.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let (status, _, stderr) = outcome(&anonymous.output().map_err(|error| error.to_string())?);
    ensure(status == Some(3), || format!("{status:?}: {stderr}"))?;
    ensure(stderr.contains("error[login]: nobody is logged in to `aws`"), || stderr.clone())?;
    ensure(stderr.contains("caused by: Unable to locate credentials"), || stderr.clone())?;
    ensure(endpoint.calls().is_empty(), || format!("{:?}", endpoint.calls()))?;

    endpoint.refuse(Method::GET, StatusCode::FORBIDDEN, "ExpiredTokenException");
    let (status, _, stderr) = run(&place, &endpoint, &DEPLOY)?;
    ensure(status == Some(3) && stderr.contains("error[login]"), || format!("{status:?}: {stderr}"))?;
    ensure(!place.path("target").exists(), || "it was built for nothing".to_owned())
}

fn a_refusal() -> Result<()> {
    let place = Place::new(Arch::X64)?;
    let endpoint = Endpoint::start(Some(function("x86_64")))?;
    endpoint.refuse(Method::PUT, StatusCode::FORBIDDEN, "AccessDeniedException");
    let (status, stdout, stderr) = run(&place, &endpoint, &DEPLOY)?;
    let alone = place
        .command(&place.path("bin/aws"))
        .args(["lambda", "update-function-code", "--function-name", "app"])
        .args(["--zip-file", "fileb://target/trap/lambda/app.zip", "--endpoint-url", &endpoint.url])
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output()
        .map_err(|error| error.to_string())?;
    let (alone, _, complaint) = outcome(&alone);
    ensure(alone.is_some_and(|status| status != 0), || "the endpoint refuses nothing".to_owned())?;
    ensure(status == alone, || format!("{status:?} is not the tool's {alone:?}: {stderr}"))?;
    ensure(stdout.is_empty() && stderr.ends_with(&complaint), || {
        format!("{stderr} ends not with {complaint}")
    })?;
    ensure(complaint.contains("AccessDeniedException"), || complaint.clone())
}

fn arguments() -> Result<()> {
    let place = Place::new(Arch::X64)?;
    let endpoint = Endpoint::start(Some(function("x86_64")))?;
    let args = [&DEPLOY[..], &["--", "--endpoint-url", &endpoint.url, "--query", "CodeSha256"]].concat();
    let mut command = trap(&place, &endpoint, &args)?;
    // The arguments alone lead to the endpoint.
    command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let (status, stdout, stderr) = outcome(&command.output().map_err(|error| error.to_string())?);
    ensure(status == Some(0), || format!("{status:?}: {stderr}"))?;
    ensure(endpoint.calls() == BOTH_CALLS, || format!("{:?}", endpoint.calls()))?;
    let hash = sha256(&place.read("target/trap/lambda/app.zip")?);
    ensure(stdout.trim() == format!("\"{hash}\""), || stdout)
}

fn no_region() -> Result<()> {
    let place = Place::new(Arch::X64)?;
    let endpoint = Endpoint::start(Some(function("x86_64")))?;
    let mut command = trap(&place, &endpoint, &DEPLOY)?;
    command.env_remove("AWS_DEFAULT_REGION");
    let (status, _, stderr) = outcome(&command.output().map_err(|error| error.to_string())?);
    ensure(status.is_some_and(|status| status != 0), || format!("{status:?}: {stderr}"))?;
    ensure(stderr.contains("You must specify a region"), || stderr.clone())?;
    ensure(!stderr.contains("error["), || format!("said once: {stderr}"))?;
    ensure(!place.path("target").exists(), || "it was built for nothing".to_owned())
}
