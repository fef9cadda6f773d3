//! `cargo trap new` and `init`.

use snapbox::{assert_data_eq, str};

use crate::sandbox::Sandbox;

#[test]
fn a_new_project_is_announced_with_the_next_step() {
    let sandbox = Sandbox::new();
    assert_data_eq!(
        sandbox.trap(&["new", "my-service", "--platform", "lambda"]),
        str![[r#"
exit: 0
----- stdout -----
----- stderr -----
     Created `my-service` for lambda in my-service
        Next cd my-service && cargo trap invoke /

"#]]
    );
    assert_eq!(sandbox.tree("my-service"), [".gitignore", "Cargo.toml", "README.md", "src/main.rs"]);
}

#[test]
fn an_example_becomes_a_project_of_its_own() {
    let sandbox = Sandbox::new();
    assert_data_eq!(
        sandbox.trap(&["new", "hello", "--template", "greet"]),
        str![[r#"
exit: 0
----- stdout -----
----- stderr -----
     Created `hello` for genezio in hello
        Next cd hello && cargo trap invoke --event-file ferris.json

"#]]
    );
    assert_eq!(
        sandbox.tree("hello"),
        [".gitignore", "Cargo.toml", "README.md", "ferris.json", "nobody.json", "src/main.rs"]
    );
    let readme = sandbox.read("hello/README.md");
    assert!(readme.contains("cargo trap invoke --event-file ferris.json"), "{readme}");
    let all = [
        "events",
        "glitch",
        "greet",
        "hello-axum",
        "hello-runtime",
        "minimal",
        "orders",
        "streaming",
        "sync",
    ];
    for project in all {
        sandbox.trap(&["new", project, "--template", project]);
        for file in sandbox.tree(project) {
            let text = std::fs::read(sandbox.path(&format!("{project}/{file}"))).unwrap();
            let text = String::from_utf8_lossy(&text);
            let text = text.split("\n# `cargo trap` was built beside this one.").next().unwrap();
            for ours in ["this repository", "examples/", "../../", "path = \""] {
                assert!(!text.contains(ours), "{project}/{file} says `{ours}`");
            }
        }
    }
}

#[test]
fn a_project_on_trap_runtime_takes_the_one_that_this_tool_was_built_beside() {
    let sandbox = Sandbox::new();
    let seen = sandbox.trap(&["new", "mine", "--template", "orders"]);
    assert!(seen.contains("Patched trap-runtime: it is the one of `"), "{seen}");
    let manifest: toml::Table = sandbox.read("mine/Cargo.toml").parse().unwrap();
    let path = manifest["patch"]["crates-io"]["trap-runtime"]["path"].as_str().unwrap();
    let runtime: toml::Table =
        std::fs::read_to_string(std::path::Path::new(path).join("Cargo.toml")).unwrap().parse().unwrap();
    assert_eq!(runtime["package"]["name"].as_str(), Some("trap-runtime"));
    // What does not depend on it has nothing of this.
    assert!(!sandbox.trap(&["new", "other", "--template", "greet"]).contains("Patched"));
    assert!(!sandbox.read("other/Cargo.toml").contains("patch"));
}

#[test]
fn pictures_arrive_as_they_are() {
    let sandbox = Sandbox::new();
    sandbox.trap(&["new", "pictures", "--template", "glitch"]);
    let picture = std::fs::read(sandbox.path("pictures/before.png")).unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/glitch/before.png");
    assert_eq!(picture, std::fs::read(example).unwrap());
    assert!(sandbox.read("pictures/cdk/glitch-stack.ts").contains("\"pictures.arm64.bin\""));
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("full/notes.txt", "mine");
    assert_data_eq!(
        sandbox.trap(&["new", "full"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[not-empty]: `full` is not empty

hint: choose another folder; for an existing crate, run `cargo trap init` in it

"#]]
    );
    assert_eq!(sandbox.tree("full"), ["notes.txt"]);
}

#[test]
fn an_unknown_template_is_answered_with_platforms_and_projects() {
    assert_data_eq!(
        Sandbox::new().trap(&["new", "x", "--template", "azure"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error: invalid value 'azure' for '--template <NAME>'
  [possible values: architect, digitalocean, firebase, functions-framework, genezio, genezio-function, lambda, netlify, netlify-v1, openwhisk, server, any-language, axum, events, glitch, greet, hello-axum, hello-runtime, library, minimal, orders, streaming, sync]

For more information, try '--help'.

"#]]
    );
}

#[test]
fn a_project_inside_another_workspace_stands_alone() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace]\nmembers = []\nresolver = \"3\"\n");
    let seen = sandbox.trap(&["new", "inner"]);
    assert!(seen.contains("a `[workspace]` of its own"), "{seen}");
    let seen = sandbox.trap(&["build", "--manifest-path", "inner/Cargo.toml", "--dry-run", "--offline"]);
    assert!(!seen.contains("believes it's in a workspace"), "{seen}");
}

#[test]
fn a_name_that_cargo_would_refuse_is_refused_first() {
    let sandbox = Sandbox::new();
    assert_data_eq!(
        sandbox.trap(&["new", "2fast"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[package-name]: `2fast` cannot name a package

hint: begin with a letter; give another name with `--name`

"#]]
    );
    assert!(sandbox.tree(".").is_empty());
}

#[test]
fn an_existing_crate_is_prepared_once() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[package]\nname = \"app\" # mine\nedition = \"2024\"\n");
    sandbox.write("src/main.rs", "fn main() {}\n");
    assert_data_eq!(
        sandbox.trap(&["init", "--platform", "lambda"]),
        str![[r#"
exit: 0
----- stdout -----
----- stderr -----
       Added `[package.metadata.trap]` with platform `lambda` and the missing lines of `[profile.release]`
warning: `app` depends on none of `lambda_http`, `lambda_runtime`, `trap-runtime`: a program must poll AWS Lambda's Runtime API to be packaged
        Next cargo add lambda_http, and pass your axum router to `lambda_http::run`

"#]]
    );
    assert_data_eq!(
        sandbox.read("Cargo.toml"),
        str![[r#"
[package]
name = "app" # mine
edition = "2024"

[package.metadata.trap]
platform = "lambda"

[profile.release]
opt-level = 3 # the program is executed where it lies: bytes cost little
lto = "fat" # drops what no path reaches
codegen-units = 1 # one unit sees more to share and to drop
panic = "abort" # no unwind tables; a panic ends the program and the platform starts a new one
strip = true # symbols are never read on the platform

"#]]
    );
    let again = sandbox.trap(&["init", "--platform", "lambda"]);
    assert!(again.contains("Unchanged"), "{again}");
}
