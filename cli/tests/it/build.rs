//! `cargo trap build` without a compiler: programs are given as files.

use std::fs;

use snapbox::{assert_data_eq, str};

use crate::sandbox::{ARM64, Sandbox, X64, elf};

#[test]
fn an_unknown_platform_is_answered_with_the_known_ones() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "app", "--platform", "lamda"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error: invalid value 'lamda' for '--platform <NAME>'
  [possible values: architect, digitalocean, firebase, functions-framework, genezio, genezio-function, lambda, netlify, netlify-v1, openwhisk, server]

  tip: a similar value exists: 'lambda'

For more information, try '--help'.

"#]]
    );
}

#[test]
fn outside_a_project_the_ways_on_are_named() {
    assert_data_eq!(
        Sandbox::new().trap(&["build"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[no-project]: this folder is not inside a cargo project

hint: run it in one, name one with `--manifest-path`, start one with `cargo trap new`, or give a compiled program with `--program`

"#]]
    );
}

#[test]
fn several_programs_and_none_named_is_an_error_that_lists_them() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"3\"\n");
    for name in ["a", "b"] {
        sandbox.write(
            &format!("{name}/Cargo.toml"),
            format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n"),
        );
        sandbox.write(&format!("{name}/src/main.rs"), "fn main() {}\n");
    }
    sandbox.write("b/src/bin/two.rs", "fn main() {}\n");
    assert_data_eq!(
        sandbox.trap(&["build"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[ambiguous]: this workspace has 2 packages with a program, and none was named

hint: add `-p` and one of `a`, `b`

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "-p", "b"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[ambiguous]: `b` has 2 binaries, and none was named

hint: add `--bin` and one of `b`, `two`

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "-p", "c"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[no-package]: no package named `c` in this workspace

hint: choose one of `a`, `b`

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "-p", "a", "--example", "x"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[no-program]: `a` has no example named `x`

"#]]
    );
}

#[test]
fn a_misspelt_setting_in_the_manifest_is_named() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Cargo.toml",
        "[package]\nname = \"a\"\nedition = \"2024\"\n[package.metadata.trap]\ntake-over = \"exec\"\n",
    );
    sandbox.write("src/main.rs", "fn main() {}\n");
    assert_data_eq!(
        sandbox.trap(&["build"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[metadata]: `[package.metadata.trap]` of `a` is not understood: unknown field `take-over`, expected one of `platform`, `arch`, `payload`, `takeover`, `class`, `lang`

hint: its keys are `platform`, `arch`, `payload`, `takeover`, `class` and `lang`

"#]]
    );
}

#[test]
fn programs_that_cannot_run_are_refused_with_a_remedy() {
    let sandbox = Sandbox::new();
    sandbox.write("script", "#!/usr/bin/env python3\n");
    sandbox.write("short", &elf(ARM64)[..100]);
    sandbox.write("intel", elf(X64));
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "script"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[program-not-elf]: `script` is a script for `/usr/bin/env python3`, which the platform may not have

hint: let `cargo trap build` compile the crate, or give `--program` a static Linux executable

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "short"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[program-truncated]: `short` is cut short: its headers point beyond its end

hint: build or copy it again; a full disk or an interrupted copy leaves such files

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "intel", "--arch", "arm64"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[program-machine]: `intel` is for x64, and `--arch arm64` was asked for

hint: give `--arch x64`, or a program built for `aarch64-unknown-linux-musl`

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "missing"]),
        str![[r#"
exit: 5
----- stdout -----
----- stderr -----
error[file]: could not read `missing`
  caused by: No such file or directory (os error 2)

"#]]
    );
    assert!(sandbox.tree("target").is_empty(), "nothing is written for a refused program");
}

#[test]
fn a_program_of_any_language_becomes_an_artifact() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "app", "--platform", "lambda", "--zip"]),
        str![[r#"
exit: 0
----- stdout -----
----- stderr -----
    Packaged `app` for arm64 on lambda: 120 B, takeover auto
       Wrote target/trap/lambda/app/index.mjs
      Zipped target/trap/lambda/app.zip
        Next create the function once, by hand or as `cargo trap platforms lambda --snippet cdk` (sst, serverless, sam) writes it: runtime nodejs22.x or later, architecture arm64, handler index.handler
        Next cargo trap deploy target/trap/lambda/app    # by `aws lambda update-function-code`

"#]]
    );
    assert_eq!(
        sandbox.tree("target/trap/lambda"),
        [
            "app.zip",
            "app/index.d.mts",
            "app/index.mjs",
            "app/trap/app.arm64.bin",
            "app/trap/app.arm64.stub",
            "app/trap/app.json",
            "app/trap/bridge.mjs"
        ]
    );
}

#[test]
fn a_platform_is_given_what_its_machines_run_and_takeovers_it_has_a_use_for() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    let build = |more: &[&str]| {
        let args = [&["build", "--program", "app", "--platform", "netlify"], more].concat();
        sandbox.trap(&args)
    };
    assert_data_eq!(
        build(&[]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[program-machine]: `netlify` runs programs for x64 alone, and this would be one for arm64

hint: leave `--arch` out, or build the program for x64

"#]]
    );
    sandbox.write("app", elf(X64));
    assert_data_eq!(
        build(&["--takeover", "exec:stub"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[takeover]: `netlify` has no use for takeover `exec:stub`

hint: leave `--takeover` out, or give `bridge`

"#]]
    );
    assert_eq!(sandbox.tree("target"), Vec::<String>::new());
}

#[test]
fn the_stub_travels_where_it_may_be_used_and_a_later_build_takes_it_away() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    for (takeover, travels) in
        [("auto", true), ("spawn", false), ("exec:stub", true), ("exec:execve", false), ("exec", true)]
    {
        let args = ["build", "--program", "app", "--payload", "file", "--takeover", takeover];
        let seen =
            sandbox.trap(&[&args[..], &["--platform", "lambda", "--zip", "--out-dir", "out"]].concat());
        assert!(seen.starts_with("exit: 0") && seen.contains(&format!("takeover {takeover}")), "{seen}");
        let stub = sandbox.tree("out").contains(&"trap/app.arm64.stub".to_owned());
        assert_eq!(stub, travels, "{takeover}");
        for listed in ["out/index.mjs", "out/trap/app.json", "out/app.zip"] {
            let text = String::from_utf8_lossy(&std::fs::read(sandbox.path(listed)).unwrap()).into_owned();
            assert_eq!(text.contains("app.arm64.stub"), travels, "{takeover}: {listed}");
        }
        assert!(sandbox.read("out/trap/app.json").contains(&format!("\"takeover\": \"{takeover}\"")));
        assert!(sandbox.read("out/index.mjs").contains(&format!("takeover: \"{takeover}\"")));
    }
}

#[test]
fn both_architectures_travel_together() {
    let sandbox = Sandbox::new();
    sandbox.write("arm", elf(ARM64));
    sandbox.write("intel", elf(X64));
    let seen = sandbox.trap(&[
        "build",
        "--program",
        "intel",
        "--program",
        "arm",
        "--payload",
        "file",
        "--arch",
        "both",
    ]);
    assert!(seen.starts_with("exit: 0"), "{seen}");
    let files = sandbox.tree("target/trap/genezio/intel/trap");
    assert!(
        files.contains(&"intel.arm64.bin".to_owned()) && files.contains(&"intel.x64.bin".to_owned()),
        "{files:?}"
    );
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "arm", "--program", "arm"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[ambiguous]: two programs for arm64 were given

hint: give one `--program` for each architecture

"#]]
    );
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "arm", "--arch", "both"]),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[program-machine]: `--arch` asks for x64, and no `--program` is for it

hint: add `--program <file built for x86_64-unknown-linux-musl>`

"#]]
    );
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    let build = || {
        let args = ["build", "--program", "app", "--platform", "lambda", "--zip", "--payload", "base64"];
        assert!(sandbox.output(&args).status.success());
        let zip = fs::read(sandbox.path("target/trap/lambda/app.zip")).unwrap();
        (zip, sandbox.read("target/trap/lambda/app/index.mjs"))
    };
    let first = build();
    fs::remove_dir_all(sandbox.path("target")).unwrap();
    assert!(first == build());
}

#[test]
fn an_existing_project_keeps_what_is_its_own() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.write("backend/package.json", "{}");
    let build = ["build", "--program", "app", "--out-dir", "backend"];
    assert!(sandbox.output(&build).status.success());
    assert_eq!(sandbox.read("backend/package.json"), "{}");

    // What a build wrote may be written again; what a person changed may not.
    assert!(sandbox.output(&build).status.success());
    sandbox.write("backend/app.ts", "// mine now\n");
    sandbox.write("app", [elf(ARM64), vec![0]].concat());
    assert_data_eq!(
        sandbox.trap(&build),
        str![[r#"
exit: 2
----- stdout -----
----- stderr -----
error[not-ours]: `backend/app.ts` was changed by hand after a build wrote it; nothing was written

hint: move it away, or choose another folder with `--out-dir`

"#]]
    );
    assert_eq!(sandbox.read("backend/app.ts"), "// mine now\n");
    assert!(
        !sandbox.read("backend/trap/app.json").contains("121"),
        "nothing of the refused build was written"
    );
}

#[test]
fn what_a_new_build_does_not_write_is_taken_away() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.write("backend/trap/notes.txt", "mine");
    let build = |payload| {
        let args = ["build", "--program", "app", "--out-dir", "backend", "--payload", payload];
        assert!(sandbox.output(&args).status.success());
        sandbox.tree("backend/trap")
    };
    let before = build("file");
    let after = build("base64");
    for file in ["app.arm64.bin", "app.arm64.stub"] {
        assert!(before.contains(&file.to_owned()) && !after.contains(&file.to_owned()), "{after:?}");
    }
    assert!(after.contains(&"notes.txt".to_owned()));
}

#[test]
fn two_programs_share_one_project() {
    let sandbox = Sandbox::new();
    sandbox.write("one", elf(ARM64));
    sandbox.write("two", elf(ARM64));
    for name in ["one", "two"] {
        let seen = sandbox.trap(&["build", "--program", name, "--out-dir", "backend"]);
        assert!(seen.starts_with("exit: 0"), "{seen}");
    }
    let files = sandbox.tree("backend");
    for expected in ["one.ts", "two.ts", "trap/one.payload.ts", "trap/two.payload.ts"] {
        assert!(files.contains(&expected.to_owned()), "{files:?}");
    }
}

#[test]
fn scaffolding_that_was_changed_stays_and_is_held_against_the_program() {
    let sandbox = Sandbox::new();
    sandbox.write("arm", elf(ARM64));
    sandbox.write("intel", elf(X64));
    for out_dir in [&["--out-dir", "backend"][..], &[]] {
        let folder = if out_dir.is_empty() { "target/trap/genezio/intel" } else { "backend" };
        let build = |program| {
            fs::copy(sandbox.path(program), sandbox.path("app")).unwrap();
            fs::rename(sandbox.path("app"), sandbox.path("same/intel")).unwrap();
            sandbox.trap(&[&["build", "--program", "same/intel"], out_dir].concat())
        };
        fs::create_dir_all(sandbox.path("same")).unwrap();
        // Untouched, it follows the program.
        assert!(build("intel").starts_with("exit: 0"));
        assert!(sandbox.read(&format!("{folder}/genezio.yaml")).contains("architecture: x86_64"));
        assert!(build("arm").starts_with("exit: 0"));
        assert!(sandbox.read(&format!("{folder}/genezio.yaml")).contains("architecture: arm64"));
        // Changed, it stays, and what would break every start is said.
        sandbox.write(&format!("{folder}/genezio.yaml"), "region: eu-central-1\narchitecture: arm64\n");
        assert!(!build("arm").contains("warning"));
        let seen = build("intel");
        assert!(seen.contains("does not say `architecture: x86_64`"), "{seen}");
        assert!(sandbox.read(&format!("{folder}/genezio.yaml")).contains("eu-central-1"));
    }
}

#[test]
fn a_zip_of_somebody_else_is_not_replaced() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.write("backend/app.zip", "precious");
    let build = ["build", "--program", "app", "--out-dir", "backend", "--zip"];
    assert!(sandbox.trap(&build).contains("error[not-ours]"));
    assert_eq!(sandbox.read("backend/app.zip"), "precious");
    assert_eq!(sandbox.tree("backend"), ["app.zip"], "nothing was written");
    fs::remove_file(sandbox.path("backend/app.zip")).unwrap();
    for _ in 0..2 {
        assert!(sandbox.output(&build).status.success());
    }
}

#[test]
fn one_module_has_one_owner() {
    let sandbox = Sandbox::new();
    sandbox.write("one", elf(ARM64));
    sandbox.write("two", [elf(ARM64), vec![0]].concat());
    let build =
        |name| sandbox.trap(&["build", "--program", name, "--platform", "lambda", "--out-dir", "backend"]);
    assert!(build("one").starts_with("exit: 0"));
    let seen = build("two");
    assert!(seen.contains("belongs to the artifact of `one`"), "{seen}");
    assert!(sandbox.trap(&["inspect", "backend"]).starts_with("exit: 0"));
}

#[test]
fn a_build_goes_on_where_an_earlier_one_was_interrupted() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    let build = ["build", "--program", "app", "--out-dir", "backend"];
    assert!(sandbox.output(&build).status.success());
    let old_record = sandbox.read("backend/trap/app.json");
    sandbox.write("app", [elf(ARM64), vec![0]].concat());
    assert!(sandbox.output(&build).status.success());
    // As a build leaves it that ends after its first file: the record knows both states.
    let mut record: serde_json::Value = serde_json::from_str(&sandbox.read("backend/trap/app.json")).unwrap();
    let old: serde_json::Value = serde_json::from_str(&old_record).unwrap();
    record["replaces"] = old["files"].clone();
    sandbox.write("backend/trap/app.json", record.to_string());
    assert!(sandbox.trap(&["inspect", "backend"]).contains("interrupted"));
    sandbox.write("app", elf(ARM64));
    let seen = sandbox.trap(&build);
    assert!(seen.starts_with("exit: 0"), "{seen}");
    assert!(sandbox.trap(&["inspect", "backend"]).starts_with("exit: 0"));
}

#[test]
fn a_tampered_record_deletes_nothing_that_a_build_could_not_have_written() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    let build = ["build", "--program", "app", "--out-dir", "backend"];
    assert!(sandbox.output(&build).status.success());
    sandbox.write("backend/src/user.ts", "precious");
    sandbox.write("outside.ts", "precious");
    let mut record: serde_json::Value = serde_json::from_str(&sandbox.read("backend/trap/app.json")).unwrap();
    let hash = "b1a63ae6ac60ac08d37d1d4d3a3ae9c2e5bf4f1a7b17d8ff4d0a2ff38a1c9f3b";
    record["files"]["src/user.ts"] = hash.into();
    record["files"]["../outside.ts"] = hash.into();
    let text = record.to_string().replace(hash, &cargo_trap::payload::sha256(b"precious"));
    sandbox.write("backend/trap/app.json", text);
    assert!(sandbox.output(&build).status.success());
    assert_eq!(sandbox.read("backend/src/user.ts"), "precious");
    assert_eq!(sandbox.read("outside.ts"), "precious");
}

#[cfg(unix)]
#[test]
fn a_linked_folder_is_not_followed_out_of_the_project() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    sandbox.write("elsewhere/keep.txt", "");
    fs::create_dir(sandbox.path("backend")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("elsewhere"), sandbox.path("backend/trap")).unwrap();
    assert!(sandbox.trap(&["build", "--program", "app", "--out-dir", "backend"]).contains("error[not-ours]"));
    assert_eq!(sandbox.tree("elsewhere"), ["keep.txt"]);
}

#[test]
fn a_dry_run_prints_the_steps_and_touches_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    assert_data_eq!(
        sandbox.trap(&["build", "--program", "app", "--platform", "lambda", "--dry-run"]),
        str![[r#"
exit: 0
----- stdout -----
check       app
write       target/trap/lambda/app/index.d.mts  (platform file)
write       target/trap/lambda/app/index.mjs  (module, trampoline and payload)
write       target/trap/lambda/app/trap/bridge.mjs  (what feeds the program where Node stays)
write       target/trap/lambda/app/trap/app.arm64.bin  (program)
write       target/trap/lambda/app/trap/app.arm64.stub  (what replaces Node by the program)
write       target/trap/lambda/app/trap/app.json  (description of the artifact)
----- stderr -----

"#]]
    );
    assert!(sandbox.tree("target").is_empty());
    let json = sandbox.output(&["build", "--program", "app", "--dry-run", "--message-format", "json"]).stdout;
    for line in String::from_utf8(json).unwrap().lines() {
        let step: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(step["reason"], "trap-step");
    }
}

#[test]
fn machine_output_is_one_object_per_line() {
    let sandbox = Sandbox::new();
    sandbox.write("app", elf(ARM64));
    let output = sandbox.output(&["build", "--program", "app", "--message-format", "json", "-q"]);
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let line: serde_json::Value = serde_json::from_str(text.trim_end()).unwrap();
    assert_eq!(line["reason"], "trap-artifact");
    assert_eq!(line["programs"][0]["arch"], "arm64");
    assert_eq!(line["programs"][0]["size"], 120);
    assert!(line["files"].as_object().unwrap().contains_key("app.ts"));
}

#[test]
fn an_error_is_an_object_too() {
    let output = Sandbox::new().output(&["build", "--message-format", "json"]);
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["reason"], "trap-error");
    assert_eq!(line["code"], "no-project");
    assert!(line["hint"].as_str().unwrap().contains("cargo trap new"));
}

#[test]
fn flags_win_over_variables_and_variables_over_the_manifest() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nedition = \"2024\"\n[package.metadata.trap]\nplatform = \"lambda\"\ntakeover = \"spawn\"\nclass = \"FromManifest\"\n",
    );
    sandbox.write("src/main.rs", "fn main() {}\n");
    let plan = |variable: Option<&str>, flag: Option<&str>| {
        let mut args = vec!["build", "--dry-run"];
        args.extend(flag.map(|flag| ["--platform", flag]).into_iter().flatten());
        let mut command = sandbox.command(&args);
        if let Some(value) = variable {
            command.env("CARGO_TRAP_PLATFORM", value);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        if text.contains("target/trap/lambda/") { "lambda" } else { "genezio" }
    };
    assert_eq!(plan(None, None), "lambda");
    assert_eq!(plan(Some("genezio"), None), "genezio");
    assert_eq!(plan(Some("genezio"), Some("lambda")), "lambda");
}

#[cfg(unix)]
#[test]
fn a_failing_compiler_speaks_for_itself_and_its_status_is_ours() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[package]\nname = \"app\"\nedition = \"2024\"\n");
    sandbox.write("src/main.rs", "fn main() { nothing() }\n");
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let output = sandbox.output(&["build", "--arch", arch]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(101), "{stderr}");
    assert!(stderr.contains("error[E0425]: cannot find function `nothing`"), "{stderr}");
    assert_eq!(stderr.matches("could not compile").count(), 1, "said once: {stderr}");
    assert!(!stderr.contains("error[tool-failed]"), "{stderr}");
}

/// Packed relocations (`DT_RELR`) are applied by the program itself when it starts: one that does not know
/// them crashes there.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
#[test]
fn a_program_has_packed_relocations_and_starts_with_them() {
    let sandbox = Sandbox::new();
    sandbox.write("Cargo.toml", "[package]\nname = \"app\"\nedition = \"2024\"\n");
    // Every string of the table is a pointer that has to be relocated.
    sandbox.write(
        "src/main.rs",
        "static WORDS: [&str; 3] = [\"all\", \"is\", \"well\"];\n\
         fn main() { println!(\"{}\", std::hint::black_box(&WORDS).join(\" \")) }\n",
    );
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    let output = sandbox.output(&["build", "--arch", arch, "--payload", "file", "--platform", "lambda"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let program = sandbox.path(&format!("target/trap/lambda/app/trap/app.{arch}.bin"));
    let said = std::process::Command::new(&program).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "all is well\n");

    let bytes = std::fs::read(&program).unwrap();
    let file = object::read::elf::ElfFile64::<object::Endianness>::parse(&*bytes).unwrap();
    let (sections, endian) = (file.elf_section_table(), file.endian());
    let (dynamic, _) =
        sections.dynamic(endian, &*bytes).unwrap().expect("a static PIE has a dynamic section");
    let is_relr = |entry: &&object::elf::Dyn64<object::Endianness>| {
        use object::read::elf::Dyn as _;
        entry.tag(endian) == object::elf::DT_RELR
    };
    assert!(dynamic.iter().any(|entry| is_relr(&entry)));
}
