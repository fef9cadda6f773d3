//! `cargo trap inspect`.

use snapbox::{assert_data_eq, str};

use crate::sandbox::{ARM64, Sandbox, X64, elf};

#[test]
fn a_program_is_described_with_the_limits_of_every_platform() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(X64));
    assert_data_eq!(
        sandbox.trap(&["inspect", "app"]),
        str![[r#"
exit: 0
----- stdout -----
file        app
x64         sha-256 690745fe9e262ef51297688b9a370a356179b872c948120e48490211bd71c5c4
            120 B on disk
            160 B as a base64 payload
            static executable, stripped
limits          120 B of 512.00 MiB ( 0.0 %)  architect: /tmp of a Lambda function by default (512 MB)
                120 B of 128.00 MiB ( 0.0 %)  genezio: /tmp of a Genezio instance (128 MB)
                120 B of 128.00 MiB ( 0.0 %)  genezio-function: /tmp of a Genezio instance (128 MB)
                120 B of 512.00 MiB ( 0.0 %)  lambda: /tmp of a Lambda function by default (512 MB)
----- stderr -----

"#]]
    );
}

#[test]
fn an_artifact_is_described_and_found_whole() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.output(&["build", "--program", "app"]);
    assert_data_eq!(
        sandbox.trap(&["inspect", "target/trap/genezio/app"]),
        str![[r#"
exit: 0
----- stdout -----
artifact    target/trap/genezio/app
program     app
platform    genezio
takeover    auto
arm64       sha-256 29f988b85bc210e0ae3821a88b6759cf1582a37a9407297e45526007b620e0ab
            120 B on disk
            160 B as base64 in the module
            static executable, stripped
            with the exec stub, 3.2 KiB
limits          120 B of 128.00 MiB ( 0.0 %)  /tmp of a Genezio instance (128 MB)
[..] of 250.00 MiB ([..] %)  unzipped AWS Lambda package (250 MB)
state       whole: every hash and size is as built
----- stderr -----

"#]]
    );
    let alone = sandbox.trap(&["inspect", "target/trap/genezio/app/trap/app.payload.ts"]);
    assert!(alone.starts_with("exit: 0") && alone.contains("whole"), "{alone}");
}

#[test]
fn an_artifact_of_every_platform_is_found_whole_wherever_its_code_lies() {
    for platform in cargo_trap::platform::all().unwrap() {
        let id = platform.manifest.id;
        let sandbox = Sandbox::new();
        sandbox.write(
            "app",
            elf(if platform.manifest.arch == cargo_trap::arch::ArchChoice::X64 { X64 } else { ARM64 }),
        );
        for payload in ["base64", "file"] {
            sandbox.output(&["build", "--program", "app", "--platform", &id, "--payload", payload]);
            let seen = sandbox.trap(&["inspect", &format!("target/trap/{id}/app")]);
            assert!(
                seen.starts_with("exit: 0") && seen.contains("state       whole"),
                "{id} {payload}: {seen}"
            );
        }
    }
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.output(&["build", "--program", "app"]);
    let module = "target/trap/genezio/app/trap/app.payload.ts";
    let text = sandbox.read(module);
    let (described, carried) = text.split_once("function arm64").unwrap();
    let damaged = format!("{described}function arm64{}", carried.replacen("AAAAAA", "AABAAA", 1));
    assert_ne!(text, damaged);
    sandbox.write(module, damaged);
    let seen = sandbox.trap(&["inspect", "target/trap/genezio/app"]);
    assert!(seen.starts_with("exit: 2"), "{seen}");
    assert!(seen.contains("does not have the sha-256 it was built with"), "{seen}");
    assert!(seen.contains("was changed after the build"), "{seen}");
    let alone = sandbox.trap(&["inspect", module]);
    assert!(alone.contains("error[damaged]"), "{alone}");
}

#[test]
fn a_damaged_or_missing_stub_is_found() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.output(&["build", "--program", "app"]);
    let module = "target/trap/genezio/app/trap/app.payload.ts";
    let text = sandbox.read(module);
    // The machine it is for, in its ELF header.
    let damaged = text.replacen("AAMAtwAB", "AAMAPgAB", 1);
    assert_ne!(text, damaged);
    sandbox.write(module, damaged);
    let seen = sandbox.trap(&["inspect", module]);
    assert!(seen.contains("the stub of the arm64 program is damaged"), "{seen}");
    // A module alone does not say which stub it was built with; that it is another one can be told.
    sandbox.write(module, text.replacen("stub: { base64: \"f0VMRgIBAQM", "stub: { base64: \"f0VMRgIBAQA", 1));
    let seen = sandbox.trap(&["inspect", module]);
    assert!(seen.contains("this version does not know"), "{seen}");

    sandbox.output(&["build", "--program", "app", "--payload", "file", "--out-dir", "out"]);
    let (payload, stub) = ("out/trap/app.payload.ts", "out/trap/app.arm64.stub");
    assert!(sandbox.trap(&["inspect", payload]).contains("with the exec stub, "));
    sandbox.write(stub, "no stub");
    let seen = sandbox.trap(&["inspect", "out"]);
    assert!(seen.contains("`trap/app.arm64.stub` was changed after the build"), "{seen}");
    assert!(seen.contains("the stub of the arm64 program is damaged"), "{seen}");
    std::fs::remove_file(sandbox.path(stub)).unwrap();
    assert!(sandbox.trap(&["inspect", "out"]).contains("`trap/app.arm64.stub` is missing"));
    let seen = sandbox.trap(&["inspect", payload]);
    assert!(seen.contains("the stub of the arm64 program is missing"), "{seen}");
}

#[test]
fn a_single_module_can_be_read_back() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.output(&["build", "--program", "app", "--single-file"]);
    assert_eq!(
        sandbox.tree("target/trap/genezio/app"),
        ["app.ts", "genezio.yaml", "package.json", "trap/app.json", "tsconfig.json"]
    );
    let seen = sandbox.trap(&["inspect", "target/trap/genezio/app/app.ts"]);
    assert!(seen.starts_with("exit: 0") && seen.contains("whole"), "{seen}");
}

#[test]
fn a_folder_without_an_artifact_says_what_was_expected() {
    assert_data_eq!(
        Sandbox::new().trap(&["inspect", "."]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[no-artifact]: `.` holds no artifact: there is no `trap/<name>.json` in it

hint: give the folder that `cargo trap build` wrote; it is printed at the end of a build

"#]]
    );
}
