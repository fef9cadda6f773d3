//! Which Node is here, and which takeovers does its version allow?

use crate::doctor::{Check, Finding, Probe, Remedy, Severity};

/// Node.js.
pub struct Node;

impl Check for Node {
    fn name(&self) -> &'static str {
        "node"
    }

    fn check(&self, probe: &dyn Probe) -> Finding {
        let remedy = |automatic| {
            let apt = automatic && probe.is_root() && probe.has("apt-get");
            Some(if apt {
                Remedy::new(true, &["apt-get update", "apt-get install -y nodejs"])
            } else {
                Remedy::new(
                    false,
                    &["install Node.js 22 or later, or give `invoke` one with `--node <path>`"],
                )
            })
        };
        let Some(version) = probe.output("node", &["--version"]) else {
            return Finding::missing(
                Severity::Optional,
                "Node.js is not installed",
                "`build` works; `invoke` has no host to start",
                remedy(true),
            );
        };
        let Some(parsed) = parse(&version) else {
            return Finding::missing(
                Severity::Optional,
                format!("`node --version` says `{version}`"),
                "which is not a version of Node.js",
                remedy(false),
            );
        };
        if !has_get_builtin_module(parsed) {
            return Finding::missing(
                Severity::Optional,
                format!("Node.js {version} is too old"),
                "the trampoline needs `process.getBuiltinModule`: 20.16, 22.3 or later",
                remedy(false),
            );
        }
        let means = if has_execve(parsed) {
            "takes over by `exec` (the process is replaced, by the stub or by `process.execve`) and by `spawn`"
        } else {
            "takes over by `exec` (the process is replaced, by the stub alone) and by `spawn`"
        };
        Finding::fine(format!("Node.js {version}"), means)
    }
}

/// `v22.15.0` as (22, 15).
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Source: <https://nodejs.org/api/process.html#processgetbuiltinmoduleid>
fn has_get_builtin_module((major, minor): (u32, u32)) -> bool {
    major > 22 || (major == 22 && minor >= 3) || (major == 20 && minor >= 16)
}

/// Source: <https://nodejs.org/api/process.html#processexecvefile-args-env>
fn has_execve((major, minor): (u32, u32)) -> bool {
    major > 23 || (major == 23 && minor >= 11) || (major == 22 && minor >= 15)
}

#[test]
fn the_version_decides_what_is_said() {
    use crate::doctor::Canned;
    let says = |version| {
        let probe = Canned { outputs: vec![("node --version", version)], ..Canned::default() };
        let finding = Node.check(&probe);
        (finding.severity, finding.means.contains("process.execve"))
    };
    assert_eq!(says("v20.20.2"), (Severity::Fine, false));
    assert_eq!(says("v22.14.0"), (Severity::Fine, false));
    assert_eq!(says("v22.15.0"), (Severity::Fine, true));
    assert_eq!(says("v24.0.0"), (Severity::Fine, true));
    assert_eq!(says("v18.20.0"), (Severity::Optional, false));
    assert_eq!(says("node"), (Severity::Optional, false));
}
