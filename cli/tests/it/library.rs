//! Libraries and wrappers, as far as they go without a compiler.

use snapbox::{assert_data_eq, str};

use crate::sandbox::{ARM64, Sandbox, elf};

#[test]
fn a_new_library_has_a_program_beside_it() {
    let sandbox = Sandbox::new();
    assert_data_eq!(
        sandbox.trap(&["new", "--lib", "my-library", "--platform", "lambda"]),
        str![[r#"
exit: 0
----- stdout -----
----- stderr -----
     Created `my-library` for lambda in my-library
        Next cd my-library && cargo trap invoke /

"#]]
    );
    assert_eq!(
        sandbox.tree("my-library"),
        [".gitignore", "Cargo.toml", "README.md", "src/lib.rs", "src/main.rs"]
    );
    let plan = ["build", "--dry-run", "--offline", "--manifest-path", "my-library/Cargo.toml"];
    let of = |more: &[&str]| sandbox.trap(&[&plan[..], more].concat());
    let library = of(&[]);
    assert!(library.contains("--lib ") && library.contains("aarch64-unknown-linux-gnu"), "{library}");
    assert!(
        library.contains("trap/my-library.arm64.so") && library.contains("trap/my-library.arm64.node"),
        "{library}"
    );
    let program = of(&["--takeover", "auto"]);
    assert!(program.contains("--bin my-library") && !program.contains(".node"), "{program}");
    let wrapper = of(&["--takeover", "wrapper"]);
    assert!(wrapper.contains("trap/my-library.arm64.bin") && !wrapper.contains(".node"), "{wrapper}");
}

#[test]
fn a_library_is_prepared_with_a_profile_of_its_own() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n",
    );
    sandbox.write("src/lib.rs", "");
    let seen = sandbox.trap(&["init", "--platform", "lambda"]);
    assert!(seen.starts_with("exit: 0"), "{seen}");
    let manifest = sandbox.read("Cargo.toml");
    assert!(manifest.contains("panic = \"unwind\" # a panic becomes the status"), "{manifest}");
}

#[test]
fn what_cannot_be_a_library_is_refused_with_a_remedy() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[package]\nname = \"app\"\nedition = \"2024\"\n");
    sandbox.write("src/main.rs", "fn main() {}\n");
    sandbox.write("program", elf(ARM64));
    assert_data_eq!(
        sandbox.trap(&["build", "--lib", "--platform", "lambda"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[no-library]: there is no library to load: `app` has no library of the crate type `cdylib`

hint: add `[lib]` with `crate-type = ["cdylib", "rlib"]` to `Cargo.toml` and `trap_runtime::library!(router);` to `src/lib.rs`, or start such a project with `cargo trap new --lib <path>`

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "--takeover", "library", "--platform", "lambda", "--program", "program"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[library-no-entry]: `program` exports no function `trap`, which is what the host calls

hint: add `trap_runtime::library!(router);` to it, or a function of your own: `#[unsafe(no_mangle)] pub extern "C" fn trap() -> i32`

"#]]
    );
    assert!(sandbox.tree("target").is_empty(), "nothing is written");
}

#[test]
fn a_wrapper_is_refused_where_none_can_be() {
    let sandbox = Sandbox::new();
    sandbox.write("program", elf(ARM64));
    let build = |more: &[&str]| {
        sandbox.trap(&[&["build", "--takeover", "wrapper", "--program", "program"], more].concat())
    };
    assert_data_eq!(
        build(&["--platform", "genezio"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[takeover]: `genezio` has no use for takeover `wrapper`

hint: leave `--takeover` out, or give `auto` or `exec` or `spawn` or `bridge` or `library`

"#]]
    );
    assert_data_eq!(
        build(&["--platform", "lambda", "--payload", "base64"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[takeover]: takeover `wrapper` needs a program that is a file, and this payload is text

hint: add `--payload file`

"#]]
    );
    assert!(sandbox.tree("target").is_empty(), "nothing is written");
}

#[test]
fn a_wrapper_says_which_variable_starts_it() {
    let sandbox = Sandbox::new();
    sandbox.write("program", elf(ARM64));
    assert_data_eq!(
        sandbox.trap(&["build", "--takeover", "wrapper", "--platform", "lambda", "--program", "program"]),
        str![[r#"
exit: 0
----- stdout -----
----- stderr -----
    Packaged `program` for arm64 on lambda: 120 B, takeover wrapper
       Wrote target/trap/lambda/program/index.mjs
        Next create the function once, by hand or as `cargo trap platforms lambda --snippet cdk` (sst, serverless, sam) writes it: runtime nodejs22.x or later, architecture arm64, handler index.handler
        Next set AWS_LAMBDA_EXEC_WRAPPER=/var/task/trap/program.arm64.bin in its environment; the snippets do
        Next cargo trap deploy target/trap/lambda/program    # by `aws lambda update-function-code`

"#]]
    );
    let sets = |tool: &str, artifact: &str| {
        let snippet = sandbox.trap(&["platforms", "lambda", "--snippet", tool, "--artifact", artifact]);
        assert!(snippet.starts_with("exit: 0"), "{snippet}");
        snippet.contains("AWS_LAMBDA_EXEC_WRAPPER") && snippet.contains("/var/task/trap/program.arm64.bin")
    };
    for tool in ["cdk", "sam", "serverless", "sst"] {
        assert!(sets(tool, "target/trap/lambda/program"), "{tool}");
    }
    let seen = sandbox.trap(&["inspect", "target/trap/lambda/program"]);
    assert!(seen.contains("takeover    wrapper") && seen.contains("state       whole"), "{seen}");
}
