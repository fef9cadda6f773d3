//! `cargo trap bench` as far as it comes without a real Node: what it refuses, and what it makes of old runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::sandbox::{ARM64, Sandbox, X64, elf};

/// A sandbox with a program that runs here, does nothing and never ends, and something that says it is Node.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let (machine, forever) = match std::env::consts::ARCH {
        "aarch64" => (ARM64, vec![0, 0, 0, 0x14]),
        _ => (X64, vec![0xeb, 0xfe]),
    };
    let mut program = elf(machine);
    let code = program.len() as u64;
    program.extend(forever);
    let mut put = |at: usize, value: u64| program[at..at + 8].copy_from_slice(&value.to_le_bytes());
    put(24, 0x10000 + code);
    put(96, code + 4);
    put(104, code + 4);
    program.resize(code as usize + 4, 0);
    sandbox.write("app", program);
    sandbox.write("node", "#!/bin/sh\necho v22.1.0\n");
    for name in ["app", "node"] {
        fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    sandbox
}

/// What `bench` says of some arguments, given a program and a Node; the last line alone when it fails.
fn bench(sandbox: &Sandbox, arguments: &[&str]) -> (i32, String) {
    let output =
        sandbox.output(&[&["bench", "--program", "app", "--node", "./node", "--quiet"], arguments].concat());
    let text = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), text)
}

fn refused(arguments: &[&str], status: i32, words: &[&str]) {
    let sandbox = sandbox();
    let (code, text) = bench(&sandbox, arguments);
    assert_eq!(code, status, "{text}");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
    assert!(!sandbox.path("target/trap/bench/app.jsonl").exists(), "nothing was measured");
}

#[test]
fn no_runs_at_all_are_refused() {
    refused(&["--runs", "0"], 2, &["'0' for '--runs <N>'", "not in 1.."]);
}

#[test]
fn an_unknown_variant_is_answered_with_the_known_ones() {
    refused(&["--variant", "fil"], 2, &["error[no-variant]", "`fil`", "`file-copied/exec:stub`"]);
}

#[test]
fn a_node_that_is_none_is_refused() {
    refused(&["--node", "/bin/true"], 3, &["error[node-unusable]", "`/bin/true`"]);
    refused(&["--node", "3.14"], 3, &["error[node-missing]", "npm install", "@3.14"]);
}

#[test]
fn a_client_that_is_not_there_is_told_with_the_command_that_brings_it() {
    refused(&["--host", "ric"], 3, &["error[ric-missing]", "npm install --no-save aws-lambda-ric"]);
    refused(&["--host", "ric", "--ric", "."], 2, &["error[ric-missing]", "`.`"]);
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_is_measured() {
    refused(&["--out", "app/report.html"], 5, &["error[file]", "`app`"]);
    refused(&["--out", "."], 5, &["error[file]", "could not write `.`"]);
}

#[test]
fn what_is_no_run_cannot_be_compared_with() {
    refused(&["--compare", "node"], 2, &["`node`"]);
    refused(&["--compare", "nothing.json"], 5, &["error[file]", "`nothing.json`"]);
}

#[test]
fn a_limit_that_is_none_is_refused() {
    refused(&["--budget", "speed<=1ms"], 2, &["error[budget-syntax]", "`speed`"]);
}

#[test]
fn a_load_is_put_on_one_host_that_takes_requests() {
    refused(&["--load", "1", "--platform", "lambda"], 2, &["error[load-platform]", "`lambda`", "`server`"]);
    refused(&["--load", "1", "--node", "./node"], 2, &["error[ambiguous]", "give `--node` once"]);
    refused(&["--load", "1", "--event", "sqs"], 2, &["error[event]", "takes requests"]);
    refused(&["--load", "1", "--runs", "3"], 2, &["'--load <SECONDS>' cannot be used with '--runs <N>'"]);
    refused(&["--at-once", "3"], 2, &["--load <SECONDS>"]);
}

#[test]
fn a_program_that_never_polls_is_told_before_anything_is_built() {
    refused(
        &["--timeout", "0.3"],
        6,
        &["error[bench-program]", "the program alone gives no answer", "within 0.3 s", "hint"],
    );
}

#[test]
fn a_program_that_dies_is_told_with_how() {
    let sandbox = sandbox();
    let machine = if std::env::consts::ARCH == "aarch64" { ARM64 } else { X64 };
    sandbox.write("app", elf(machine));
    let (code, text) = bench(&sandbox, &[]);
    assert_eq!(code, 6, "{text}");
    assert!(text.contains("it ended with signal") && text.contains("before its first poll"), "{text}");
}

/// A run with two variants, as a journal.
fn journal(sandbox: &Sandbox, is_whole: bool) {
    let variant = |id: &str, kind: &str, node: Value| {
        json!({
            "id": id, "kind": kind, "node": node, "client": if node.is_null() { None } else { Some("minimal") },
            "default": false, "artifact": 100, "unavailable": null, "failed": [], "samples": [], "traces": [],
        })
    };
    let mut lines = vec![json!({
        "schema": 1, "tool": "cargo-trap 0.1.0", "command": ["cargo", "trap", "bench"], "started": 1_800_000_000,
        "machine": { "system": "Linux 6", "arch": "x64", "cpu": null, "cpus": 2, "memory": null, "load": null },
        "program": { "name": "app", "arch": "x64", "size": 100, "sha256": "0", "tells_main": false },
        "asked": 3, "warm": 0, "order": 1, "interrupted": true, "own_overhead_ms": [0.1],
        "variants": [variant("program", "program", Value::Null), variant("boot", "boot", json!("22.1.0"))],
    })];
    for round in 1..=3 {
        for (variant, total) in [(0, 0.8), (1, 20.5)] {
            let sample = json!({
                "round": round, "total_ms": total, "answer_ms": null, "log_line_ms": null, "cpu_ms": null,
                "peak": null, "left": null, "warm_us": [], "per_second": null,
            });
            lines.push(json!({ "variant": variant, "sample": sample }));
        }
    }
    if is_whole {
        lines.push(json!({ "interrupted": false }));
    }
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    sandbox.write("app.jsonl", text);
}

#[test]
fn a_journal_is_reported_in_every_format_without_measuring() {
    let sandbox = Sandbox::new();
    journal(&sandbox, true);
    for (format, word) in
        [("text", "20.5"), ("markdown", "20.5"), ("html", "<html"), ("json", "\"total_ms\"")]
    {
        let output = sandbox.output(&["bench", "--from", "app.jsonl", "--format", format]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains(word), "{format}: {text}");
        assert!(!text.contains('\u{1b}'), "{format}: nobody looks, so there are no styles");
        let file = format!("out/report.{format}");
        assert!(
            sandbox
                .output(&["bench", "--from", "app.jsonl", "--format", format, "--out", &file])
                .status
                .success()
        );
        assert!(sandbox.read(&file).contains(word), "{format}");
    }
    // A report in JSON is read like the journal it came from, and compared with.
    let output =
        sandbox.output(&["bench", "--from", "out/report.json", "--compare", "app.jsonl", "--format", "json"]);
    let again: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(again["variants"][1]["samples"].as_array().unwrap().len(), 3);
    assert!(again["comparison"].is_object(), "{again}");
}

#[test]
fn a_run_that_was_killed_is_reported_as_far_as_it_came() {
    let sandbox = Sandbox::new();
    journal(&sandbox, false);
    let output = sandbox.output(&["bench", "--from", "app.jsonl", "--message-format", "json"]);
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&run["reason"], &run["interrupted"]), (&json!("trap-bench"), &json!(true)));
    assert_eq!(run["variants"][0]["samples"].as_array().unwrap().len(), 3);
}

#[test]
fn what_no_run_left_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("x.json", "{\"schema\": 99}");
    let text = sandbox.trap(&["bench", "--from", "x.json"]);
    assert!(text.contains("exit: 2") && text.contains("error[bench-file]") && text.contains("99"), "{text}");
}

#[test]
fn a_limit_is_held_against_an_old_run() {
    let sandbox = Sandbox::new();
    journal(&sandbox, true);
    let of = |limit: &str| {
        let output = sandbox.output(&["bench", "--from", "app.jsonl", "--budget", limit]);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(of("boot: total<=21ms").0, 0);
    let (code, text) = of("boot: total<=20ms");
    assert!(code == 7 && text.contains("error[budget]"), "{code}: {text}");
}
