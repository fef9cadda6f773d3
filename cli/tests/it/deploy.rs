//! `cargo trap deploy`, with stand-ins for the platforms' tools that write down what they are given.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use cargo_trap::arch::Arch;
use cargo_trap::deploy::Deployment;
use cargo_trap::plan::Request;
use cargo_trap::platform::{self, Platform};
use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use crate::sandbox::{ARM64, Sandbox, X64, elf};

/// A folder with a program, a home, and nothing on `PATH` but what a test puts there.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(X64));
    sandbox.write("home/empty", "");
    sandbox.write("bin/empty", "");
    sandbox
}

/// A stand-in for a tool: it notes folder, pager and words of every call, then does what `script` says.
fn stand_in(sandbox: &Sandbox, path: &str, script: &str) {
    let calls = sandbox.path("calls").display().to_string();
    let note =
        r#"{ echo "call $PWD"; echo "pager ${AWS_PAGER-unset}"; for word; do echo "word $word"; done; }"#;
    sandbox.write(path, format!("#!/bin/sh\n{note} >> '{calls}'\n{script}\n"));
    fs::set_permissions(sandbox.path(path), fs::Permissions::from_mode(0o755)).unwrap();
}

fn command(sandbox: &Sandbox, args: &[&str]) -> Command {
    let mut command = sandbox.command(&[&["deploy"], args].concat());
    command.env("PATH", sandbox.path("bin")).env("HOME", sandbox.path("home"));
    command
}

fn deploy(sandbox: &Sandbox, args: &[&str]) -> Output {
    command(sandbox, args).output().unwrap()
}

/// Exit status and stderr.
fn outcome(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[derive(Debug, PartialEq)]
struct Noted {
    folder: String,
    pager: String,
    words: Vec<String>,
}

/// Every call since the last time.
fn calls(sandbox: &Sandbox) -> Vec<Noted> {
    let text = fs::read_to_string(sandbox.path("calls")).unwrap_or_default();
    let _ = fs::remove_file(sandbox.path("calls"));
    let mut calls: Vec<Noted> = Vec::new();
    for line in text.lines() {
        match line.split_once(' ').unwrap() {
            ("call", folder) => {
                let pager = String::new();
                calls.push(Noted { folder: folder.to_owned(), pager, words: Vec::new() });
            }
            ("pager", pager) => calls.last_mut().unwrap().pager = pager.to_owned(),
            (_, word) => calls.last_mut().unwrap().words.push(word.to_owned()),
        }
    }
    calls
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// What the tool is going to be told, by `--dry-run`.
fn announced(sandbox: &Sandbox, args: &[&str]) -> Vec<Noted> {
    let output = deploy(sandbox, &[args, &["--dry-run", "--message-format", "json"]].concat());
    assert!(output.status.success(), "{}", outcome(&output).1);
    lines(&output)
        .into_iter()
        .filter(|step| {
            step["reason"] == "trap-step" && step.get("command").is_some() && step.get("args").is_some()
        })
        .map(|step| Noted {
            folder: match step["folder"].as_str() {
                Some(folder) => sandbox.path(folder).display().to_string(),
                None => sandbox.path("").display().to_string().trim_end_matches('/').to_owned(),
            },
            pager: step["variables"]["AWS_PAGER"].as_str().unwrap_or("unset").to_owned(),
            words: serde_json::from_value(step["args"].clone()).unwrap(),
        })
        .collect()
}

/// A tool with an account, in whose eyes everything fits; it answers `deployed` about what is there.
fn willing(sandbox: &Sandbox, platform: &Platform, deployed: &str, status: i32) {
    let deploy = &platform.manifest.deploy;
    let says = deploy.login.says.clone().unwrap_or_default();
    let mut script = String::from("case \"$*\" in\n");
    let pattern = |words: &[String]| {
        // What is filled in is not known here.
        words
            .iter()
            .map(|word| if word.contains("{{") { "*".to_owned() } else { format!("'{word}'") })
            .collect::<Vec<_>>()
            .join("' '")
    };
    if !deploy.login.words.is_empty() {
        script += &format!("{}*) echo 'me: {says}'; exit 0 ;;\n", pattern(&deploy.login.words));
    }
    if let Some(look) = &deploy.look {
        script += &format!("{}*) {deployed} ;;\n", pattern(&look.words));
    }
    script += &format!("*) echo 'the tool says'; echo 'the tool complains' >&2; exit {status} ;;\nesac");
    stand_in(sandbox, &format!("bin/{}", deploy.tool), &script);
    // Where the tool cannot be asked, its files tell.
    for file in deploy.login.files.iter().filter(|_| deploy.login.words.is_empty()) {
        sandbox.write(&file.replace('~', "home"), "token");
    }
}

/// What is deployed as this artifact wants it, in the words of the tool.
fn fitting(platform: &Platform) -> String {
    let request = Request::sample(platform.clone(), "app").unwrap();
    let deployment = Deployment::plan(&request, &[Arch::X64], None, &[]).unwrap();
    let mut answer = json!({});
    for fits in &deployment.fits {
        let mut place = &mut answer;
        let mut parts = fits.at.trim_start_matches('/').split('/').peekable();
        while let Some(part) = parts.next() {
            let next = if parts.peek() == Some(&"0") { json!([null]) } else { json!({}) };
            place = match place {
                Value::Array(items) => &mut items[part.parse::<usize>().unwrap()],
                other => other.as_object_mut().unwrap().entry(part).or_insert(next),
            };
        }
        *place = json!(fits.values[0].replace('*', "2.x"));
    }
    format!("echo '{answer}'; exit 0")
}

/// Builds once and gives what only a person brings, so that nothing is missing any more.
fn bring_needs(sandbox: &Sandbox, platform: &Platform) {
    for need in &platform.manifest.deploy.needs {
        let dir = format!("target/trap/{}/app", platform.manifest.id);
        sandbox.write(&format!("{dir}/{}/package.json", need.path), "{}");
    }
}

#[test]
fn every_platform_hands_its_artifact_to_its_tool_as_announced() {
    for platform in platform::all().unwrap() {
        let id = platform.manifest.id.as_str();
        let sandbox = sandbox();
        willing(&sandbox, &platform, &fitting(&platform), 0);
        bring_needs(&sandbox, &platform);
        let args = ["--program", "app", "--platform", id];
        let announced = announced(&sandbox, &args);
        assert!(!announced.is_empty(), "{id}");
        assert!(calls(&sandbox).is_empty(), "{id}: a dry run runs nothing");
        assert!(
            !sandbox.path(&format!("target/trap/{id}/app/trap")).exists(),
            "{id}: a dry run writes nothing"
        );

        let output = deploy(&sandbox, &args);
        let (status, stderr) = outcome(&output);
        assert_eq!(status, 0, "{id}: {stderr}");
        assert_eq!(calls(&sandbox), announced, "{id}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "the tool says\n", "{id}");
        assert!(stderr.contains("the tool complains") && stderr.contains("Deployed `app`"), "{id}: {stderr}");
        // The artifact and all that the words name are there when the tool runs.
        for word in announced.last().unwrap().words.iter().filter(|word| word.contains("target/trap")) {
            let path = &word[word.find("target/trap").unwrap()..];
            assert!(sandbox.path(path).exists(), "{id}: {word}");
        }

        // What was built can be deployed as it is, with the same words.
        let again = deploy(&sandbox, &[&format!("target/trap/{id}/app")]);
        assert_eq!(outcome(&again).0, 0, "{id}: {}", outcome(&again).1);
        assert!(!outcome(&again).1.contains("Packaged"), "{id}: it was not built anew");
        assert_eq!(calls(&sandbox), announced, "{id}");
    }
}

#[test]
fn every_platforms_tool_has_the_last_word() {
    for platform in platform::all().unwrap() {
        let id = platform.manifest.id.as_str();
        let sandbox = sandbox();
        willing(&sandbox, &platform, &fitting(&platform), 7);
        bring_needs(&sandbox, &platform);
        let output = deploy(&sandbox, &["--program", "app", "--platform", id, "--", "--own", "a b"]);
        let (status, stderr) = outcome(&output);
        assert_eq!(status, 7, "{id}: {stderr}");
        assert!(
            stderr.contains("the tool complains") && !stderr.contains("error["),
            "{id}: said once: {stderr}"
        );
        assert!(!stderr.contains("Deployed"), "{id}: {stderr}");
        let words = calls(&sandbox).pop().unwrap().words;
        assert!(words.ends_with(&["--own".to_owned(), "a b".to_owned()]), "{id}: {words:?}");
    }
}

#[test]
fn every_platform_names_a_missing_tool_and_a_missing_login_before_it_builds() {
    for platform in platform::all().unwrap() {
        let id = platform.manifest.id.as_str();
        let args = ["--program", "app", "--platform", id];
        let sandbox = sandbox();
        let (status, stderr) = outcome(&deploy(&sandbox, &args));
        assert_eq!(status, 3, "{id}: {stderr}");
        assert!(stderr.contains("error[tool-missing]") && stderr.contains("\nhint: "), "{id}: {stderr}");

        // Nobody knows this person: no file, no variable, and the tool refuses in its own words.
        let denied =
            platform.manifest.deploy.login.denied.first().cloned().unwrap_or("who are you".to_owned());
        let tool = format!("bin/{}", platform.manifest.deploy.tool);
        stand_in(&sandbox, &tool, &format!("echo '{denied}' >&2; exit 1"));
        let (status, stderr) = outcome(&deploy(&sandbox, &args));
        assert_eq!(status, 3, "{id}: {stderr}");
        assert!(stderr.contains("error[login]: nobody is logged in to"), "{id}: {stderr}");
        assert!(stderr.contains(&platform.manifest.deploy.login.how), "{id}: {stderr}");
        assert!(!sandbox.path("target").exists(), "{id}: it was built for nothing");

        for variable in &platform.manifest.deploy.login.variables {
            willing(&sandbox, &platform, &fitting(&platform), 0);
            bring_needs(&sandbox, &platform);
            for file in &platform.manifest.deploy.login.files {
                let _ = fs::remove_file(sandbox.path(&file.replace('~', "home")));
            }
            let output = command(&sandbox, &args).env(variable, "token").output().unwrap();
            assert!(output.status.success(), "{id}, {variable}: {}", outcome(&output).1);
        }
    }
}

#[test]
fn settings_are_said_the_first_time_and_never_again() {
    for platform in platform::all().unwrap() {
        let id = platform.manifest.id.as_str();
        let Some(look) = &platform.manifest.deploy.look else {
            assert!(platform.manifest.deploy.first.is_empty(), "{id}: nothing says which time is the first");
            continue;
        };
        let sandbox = sandbox();
        let absent = format!("echo '{}' >&2; exit 1", look.absent);
        willing(&sandbox, &platform, &absent, 0);
        let (status, stderr) = outcome(&deploy(&sandbox, &["--program", "app", "--platform", id]));
        let calls = calls(&sandbox);
        if look.create.is_some() {
            assert_eq!(status, 2, "{id}: {stderr}");
            assert!(stderr.contains("error[no-function]: there is no `app`"), "{id}: {stderr}");
            assert!(!sandbox.path("target").exists(), "{id}: it was built for nothing");
            continue;
        }
        assert_eq!(status, 0, "{id}: {stderr}");
        let words = &calls.last().unwrap().words;
        let first = &platform.manifest.deploy.first;
        assert!(!first.is_empty() && words.ends_with(first), "{id}: {words:?}");
    }
}

const LAMBDA: [&str; 4] = ["--program", "app", "--platform", "lambda"];

/// A tool that describes the function so.
fn describing(sandbox: &Sandbox, function: &Value) {
    let lambda = platform::find("lambda").unwrap();
    willing(sandbox, &lambda, &format!("echo '{function}'; exit 0"), 0);
}

#[test]
fn a_function_that_could_not_run_the_artifact_is_left_alone() {
    let sandbox = sandbox();
    let function = |arch: &str, runtime: &str, handler: &str| json!({ "Architectures": [arch], "Runtime": runtime, "Handler": handler });
    for (function, says) in [
        (
            function("arm64", "nodejs22.x", "index.handler"),
            "`app` has architecture `arm64`, and the artifact needs `x86_64`",
        ),
        (
            function("x86_64", "provided.al2023", "index.handler"),
            "has runtime `provided.al2023`, and the artifact needs Node.js 20 or later",
        ),
        (function("x86_64", "nodejs18.x", "index.handler"), "has runtime `nodejs18.x`"),
        (
            function("x86_64", "nodejs24.x", "app.handler"),
            "has handler `app.handler`, and the artifact needs `index.handler`",
        ),
    ] {
        describing(&sandbox, &function);
        let (status, stderr) = outcome(&deploy(&sandbox, &LAMBDA));
        assert_eq!(status, 2, "{stderr}");
        assert!(stderr.contains("error[function-differs]") && stderr.contains(says), "{stderr}");
        assert_eq!(calls(&sandbox).len(), 1, "the function was looked at, and nothing else");
        assert!(!sandbox.path("target").exists(), "it was built for nothing");
    }
    // One call changes the architecture together with the code; then it need not fit before.
    describing(&sandbox, &function("arm64", "nodejs22.x", "index.handler"));
    let changing = [&LAMBDA[..], &["--", "--architectures", "x86_64"]].concat();
    assert_eq!(outcome(&deploy(&sandbox, &changing)).0, 0);
    // Both architectures fit either.
    sandbox.write("arm", elf(ARM64));
    let both = [&LAMBDA[..], &["--program", "arm"]].concat();
    assert_eq!(outcome(&deploy(&sandbox, &both)).0, 0);
    // What says nothing is taken, aloud.
    describing(&sandbox, &json!({ "Runtime": "nodejs22.x", "Handler": "index.handler" }));
    let (status, stderr) = outcome(&deploy(&sandbox, &LAMBDA));
    assert!(status == 0 && stderr.contains("warning: `app` does not say its architecture"), "{stderr}");
    // It comes from outside, so it may not drive the terminal.
    describing(&sandbox, &function("\\u001b[31m", "nodejs22.x", "index.handler"));
    let (_, stderr) = outcome(&deploy(&sandbox, &LAMBDA));
    assert!(!stderr.contains('\u{1b}'), "{stderr}");
}

#[test]
fn a_mismatch_says_what_to_type() {
    let sandbox = sandbox();
    describing(
        &sandbox,
        &json!({ "Architectures": ["arm64"], "Runtime": "nodejs22.x", "Handler": "index.handler" }),
    );
    let output = deploy(&sandbox, &LAMBDA);
    assert_data_eq!(
        outcome(&output).1,
        str![[r#"
error[function-differs]: `app` has architecture `arm64`, and the artifact needs `x86_64`; nothing was deployed

hint: build for it with `--arch arm64`, or have it changed together with the code: `-- --architectures x86_64`

"#]]
    );
}

#[test]
fn the_function_may_have_another_name_and_lie_elsewhere() {
    let sandbox = sandbox();
    let lambda = platform::find("lambda").unwrap();
    willing(&sandbox, &lambda, &fitting(&lambda), 0);
    let more = ["--function", "prod-app", "--", "--region", "eu-central-1", "--publish", "--profile=me"];
    let output = deploy(&sandbox, &[&LAMBDA[..], &more].concat());
    assert!(output.status.success(), "{}", outcome(&output).1);
    let calls = calls(&sandbox);
    let [look, update] = calls.as_slice() else { panic!("two calls, not {calls:?}") };
    let has = |call: &Noted, words: &str| call.words.join(" ").contains(words);
    assert!(has(look, "--function-name prod-app") && has(update, "--function-name prod-app"), "{calls:?}");
    assert!(has(look, "--region eu-central-1 --profile=me") && !has(look, "--publish"), "{look:?}");
    assert!(has(update, "--region eu-central-1 --publish --profile=me"), "{update:?}");
    let (status, stderr) =
        outcome(&deploy(&sandbox, &["--program", "app", "--platform", "netlify", "--function", "x"]));
    assert!(status == 2 && stderr.contains("error[function-name]"), "{stderr}");
}

#[test]
fn a_tool_that_fails_to_look_explains_itself() {
    let sandbox = sandbox();
    let lambda = platform::find("lambda").unwrap();
    willing(&sandbox, &lambda, "echo 'You must specify a region' >&2; exit 253", 0);
    let (status, stderr) = outcome(&deploy(&sandbox, &LAMBDA));
    assert_eq!(status, 253, "{stderr}");
    assert_data_eq!(
        stderr,
        str![[r#"
You must specify a region

hint: nothing was built or deployed

"#]]
    );
    assert!(!sandbox.path("target").exists(), "it was built for nothing");
}

#[test]
fn a_dry_run_needs_no_tool_and_shows_what_would_be_typed() {
    let sandbox = sandbox();
    let show = |platform: &str| {
        let output = deploy(&sandbox, &["--program", "app", "--platform", platform, "--dry-run"]);
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_data_eq!(
        show("lambda"),
        str![[r#"
look        AWS_PAGER= aws lambda get-function-configuration --function-name app --output json
build       target/trap/lambda/app  (`cargo trap build --dry-run` shows the steps)
zip         target/trap/lambda/app.zip
deploy      AWS_PAGER= aws lambda update-function-code --function-name app --zip-file fileb://target/trap/lambda/app.zip

"#]]
    );
    assert_data_eq!(
        show("functions-framework"),
        str![[r#"
look        gcloud functions describe app --format=json
build       target/trap/functions-framework/app  (`cargo trap build --dry-run` shows the steps)
deploy      gcloud functions deploy app --source=target/trap/functions-framework/app
            the first time with --gen2 --runtime=nodejs22 --trigger-http --entry-point=handler

"#]]
    );
    assert_data_eq!(
        show("genezio"),
        str![[r#"
build       target/trap/genezio/app  (`cargo trap build --dry-run` shows the steps)
deploy      cd target/trap/genezio/app && genezio deploy

"#]]
    );
    assert!(!sandbox.path("target").exists());
}

#[test]
fn what_is_typed_by_a_dry_run_does_what_a_deployment_does() {
    let sandbox = sandbox();
    let genezio = platform::find("genezio").unwrap();
    willing(&sandbox, &genezio, "", 0);
    let args = ["--program", "app", "--platform", "genezio", "--", "--stage", "it's mine"];
    assert!(deploy(&sandbox, &args).status.success());
    let deployed = calls(&sandbox);
    let dry = deploy(&sandbox, &[&["--dry-run"], &args[..]].concat());
    let text = String::from_utf8(dry.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("deploy ")).unwrap();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", line]).current_dir(sandbox.path("")).env("PATH", sandbox.path("bin"));
    assert!(shell.status().unwrap().success(), "{line}");
    assert_eq!(calls(&sandbox), deployed);
}

#[test]
fn a_tool_among_the_artifacts_own_packages_comes_first() {
    let sandbox = sandbox();
    let genezio = platform::find("genezio").unwrap();
    willing(&sandbox, &genezio, "", 0);
    stand_in(&sandbox, "target/trap/genezio/app/node_modules/.bin/genezio", "echo 'the local one'");
    let output = deploy(&sandbox, &["--program", "app", "--platform", "genezio"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "the local one\n", "{}", outcome(&output).1);
    assert!(outcome(&output).1.contains("cd target/trap/genezio/app && node_modules/.bin/genezio deploy"));
}

#[test]
fn what_a_person_has_to_install_first_is_named_and_nothing_is_built_twice() {
    let sandbox = sandbox();
    let firebase = platform::find("firebase").unwrap();
    willing(&sandbox, &firebase, "", 0);
    let args = ["--program", "app", "--platform", "firebase"];
    let (status, stderr) = outcome(&deploy(&sandbox, &args));
    assert_eq!(status, 3, "{stderr}");
    assert!(
        stderr.contains("error[not-installed]")
            && stderr.contains("cd target/trap/firebase/app && npm install"),
        "{stderr}"
    );
    let (_, stderr) = outcome(&deploy(&sandbox, &args));
    assert!(stderr.contains("error[not-installed]") && !stderr.contains("Packaged"), "{stderr}");
    bring_needs(&sandbox, &firebase);
    assert!(deploy(&sandbox, &["target/trap/firebase/app"]).status.success());
}

#[test]
fn machine_output_stays_data() {
    let sandbox = sandbox();
    let lambda = platform::find("lambda").unwrap();
    willing(&sandbox, &lambda, &fitting(&lambda), 0);
    let json = ["--message-format", "json", "--quiet"];
    let output = deploy(&sandbox, &[&LAMBDA[..], &json].concat());
    let lines = lines(&output);
    let reasons: Vec<_> = lines.iter().map(|line| line["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["trap-artifact", "trap-deployment"]);
    assert_eq!(lines[1]["platform"], "lambda");
    assert_eq!(lines[1]["zip"], "target/trap/lambda/app.zip");
    assert_eq!(lines[1]["args"][1], "update-function-code");
    assert_eq!(outcome(&output).1, "the tool says\nthe tool complains\n");

    willing(&sandbox, &lambda, &fitting(&lambda), 4);
    let output = deploy(&sandbox, &[&LAMBDA[..], &json].concat());
    let last = crate::deploy::lines(&output).pop().unwrap();
    assert_eq!((last["reason"].as_str(), last["code"].as_str()), (Some("trap-error"), Some("tool-failed")));
    assert_eq!(output.status.code(), Some(4));
}

/// Builds the artifact of `app`, and returns its folder.
fn built(sandbox: &Sandbox, platform: &str, more: &[&str]) -> String {
    let args = [&["build", "--program", "app", "--platform", platform], more].concat();
    assert!(sandbox.output(&args).status.success());
    format!("target/trap/{platform}/app")
}

#[test]
fn an_artifact_that_is_not_what_was_built_is_refused() {
    let sandbox = sandbox();
    let dir = built(&sandbox, "lambda", &[]);
    let lambda = platform::find("lambda").unwrap();
    willing(&sandbox, &lambda, &fitting(&lambda), 0);
    let refused = |args: &[&str], code: &str| {
        let (status, stderr) = outcome(&deploy(&sandbox, args));
        assert!(status == 2 && stderr.contains(&format!("error[{code}]")), "{code}: {stderr}");
        assert!(calls(&sandbox).is_empty(), "{code}: the tool was called");
        stderr
    };
    refused(&["bin"], "no-artifact");
    refused(&["app"], "no-artifact");
    refused(&[&dir, "--platform", "netlify"], "artifact-differs");
    refused(&[&dir, "--arch", "arm64"], "artifact-differs");
    refused(&[&dir, "--takeover", "spawn"], "artifact-differs");
    assert!(deploy(&sandbox, &[&dir, "--arch", "x64", "--takeover", "auto"]).status.success());
    let (status, stderr) = outcome(&deploy(&sandbox, &[&dir, "--release"]));
    assert!(status == 2 && stderr.contains("cannot be used with"), "{stderr}");
    calls(&sandbox);
    // A record that ends in the middle of a build.
    let record = sandbox.read(&format!("{dir}/trap/app.json"));
    let mut cut: Value = serde_json::from_str(&record).unwrap();
    cut["replaces"] = cut["files"].clone();
    sandbox.write(&format!("{dir}/trap/app.json"), cut.to_string());
    assert!(refused(&[&dir], "damaged").contains("interrupted"));
    sandbox.write(&format!("{dir}/trap/app.json"), record);
    sandbox.write(&format!("{dir}/index.mjs"), "// mine");
    assert!(refused(&[&dir], "damaged").contains("`index.mjs` was changed after the build"));
}

#[test]
fn of_several_artifacts_in_a_folder_one_has_to_be_named() {
    let sandbox = sandbox();
    sandbox.write("other", elf(X64));
    let genezio = platform::find("genezio").unwrap();
    willing(&sandbox, &genezio, "", 0);
    for program in ["app", "other"] {
        assert!(sandbox.output(&["build", "--program", program, "--out-dir", "backend"]).status.success());
    }
    let (status, stderr) = outcome(&deploy(&sandbox, &["backend"]));
    assert!(status == 2 && stderr.contains("error[ambiguous]"), "{stderr}");
    assert!(stderr.contains("give one of `backend/trap/app.json`, `backend/trap/other.json`"), "{stderr}");
    assert!(deploy(&sandbox, &["backend/trap/other.json"]).status.success());
    assert!(calls(&sandbox)[0].folder.ends_with("/backend"));
}

#[test]
fn scaffolding_is_the_persons_own_and_still_held_against_the_program() {
    let sandbox = sandbox();
    let genezio = platform::find("genezio").unwrap();
    willing(&sandbox, &genezio, "", 0);
    let dir = built(&sandbox, "genezio", &[]);
    let yaml = sandbox.read(&format!("{dir}/genezio.yaml")).replace("us-east-1", "eu-central-1");
    sandbox.write(&format!("{dir}/genezio.yaml"), &yaml);
    let (status, stderr) = outcome(&deploy(&sandbox, &[&dir]));
    assert!(status == 0 && !stderr.contains("warning"), "{stderr}");
    sandbox.write(&format!("{dir}/genezio.yaml"), yaml.replace("x86_64", "arm64"));
    let (status, stderr) = outcome(&deploy(&sandbox, &[&dir]));
    assert!(status == 0 && stderr.contains("does not say `architecture: x86_64`"), "{stderr}");
}

#[test]
fn the_zip_is_that_of_the_artifact_and_nobody_elses() {
    let sandbox = sandbox();
    let openwhisk = platform::find("openwhisk").unwrap();
    willing(&sandbox, &openwhisk, "exit 0", 0);
    let dir = built(&sandbox, "openwhisk", &["--zip"]);
    let zip = "target/trap/openwhisk/app.zip";
    let of_build = fs::read(sandbox.path(zip)).unwrap();
    fs::remove_file(sandbox.path(zip)).unwrap();
    assert!(deploy(&sandbox, &[&dir]).status.success());
    assert!(fs::read(sandbox.path(zip)).unwrap() == of_build, "the same bytes as a build's");
    // One of an earlier build is made anew.
    sandbox.write(zip, "stale");
    assert!(deploy(&sandbox, &[&dir]).status.success());
    assert!(fs::read(sandbox.path(zip)).unwrap() == of_build);
    // What a person has changed of the scaffolding is in it, whoever makes it.
    let own = sandbox.read(&format!("{dir}/package.json")).replace("0.0.0", "7.7.7");
    sandbox.write(&format!("{dir}/package.json"), own);
    assert!(deploy(&sandbox, &[&dir]).status.success());
    let changed = fs::read(sandbox.path(zip)).unwrap();
    assert!(changed != of_build);
    built(&sandbox, "openwhisk", &["--zip"]);
    assert!(fs::read(sandbox.path(zip)).unwrap() == changed, "the same bytes as a build's");
    // Beside somebody's project there may be something else of that name.
    built(&sandbox, "openwhisk", &["--out-dir", "mine/action"]);
    sandbox.write("mine/app.zip", "precious");
    calls(&sandbox);
    let (status, stderr) = outcome(&deploy(&sandbox, &["mine/action"]));
    assert!(status == 2 && stderr.contains("error[not-ours]"), "{stderr}");
    assert_eq!(sandbox.read("mine/app.zip"), "precious");
    assert!(calls(&sandbox).iter().all(|call| !call.words.contains(&"update".to_owned())));
}

#[test]
fn a_build_for_this_machine_is_not_deployed() {
    let sandbox = sandbox();
    let netlify = platform::find("netlify").unwrap();
    willing(&sandbox, &netlify, "", 0);
    let dir = built(&sandbox, "netlify", &[]);
    let mut record: Value = serde_json::from_str(&sandbox.read(&format!("{dir}/trap/app.json"))).unwrap();
    // As `invoke` writes it: with what stands in for the platform's loader.
    sandbox.write(&format!("{dir}/http-host.mjs"), "host");
    record["files"]["http-host.mjs"] = cargo_trap::payload::sha256(b"host").into();
    sandbox.write(&format!("{dir}/trap/app.json"), record.to_string());
    let (status, stderr) = outcome(&deploy(&sandbox, &[&dir]));
    assert!(status == 2 && stderr.contains("error[local-artifact]"), "{stderr}");
}

#[test]
fn a_build_ends_with_what_deploys_it() {
    for platform in platform::all().unwrap() {
        let id = platform.manifest.id.as_str();
        let sandbox = sandbox();
        let build = ["build", "--program", "app", "--platform", id];
        let seen = sandbox.trap(&build);
        let tool = &platform.manifest.deploy.tool;
        let line = format!("Next cargo trap deploy target/trap/{id}/app    # by `{tool} ");
        assert!(seen.contains(&line), "{id}: {seen}");
        let seen = sandbox.trap(&[&build[..], &["--out-dir", "mine"]].concat());
        assert!(seen.contains("Next cargo trap deploy mine/trap/app.json "), "{id}: {seen}");
    }
}

#[test]
fn a_wish_to_stop_is_the_tools_to_heed() {
    let sandbox = sandbox();
    let lambda = platform::find("lambda").unwrap();
    willing(&sandbox, &lambda, &fitting(&lambda), 0);
    let started = sandbox.path("started").display().to_string();
    let script = sandbox.read("bin/aws").replace(
        "*) echo 'the tool says'",
        &format!("*) trap 'kill $!; exit 9' TERM; /bin/sleep 60 & echo > '{started}'; wait $!"),
    );
    sandbox.write("bin/aws", script);
    let mut child = command(&sandbox, &LAMBDA).spawn().unwrap();
    while !sandbox.path("started").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the tool ran");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(9), "the tool's own status");
}
