//! The variables a host sees: those of a function's container, and few of ours.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::Path;

use crate::lambda::Function;

/// What is inherited; everything else that happens to be set here would make the program behave as it
/// never will on the platform. Paths and homes are needed to run anything at all, certificates to reach
/// out from behind a proxy, `QEMU_LD_PREFIX` for another architecture's libraries.
const INHERITED: &[&str] = &[
    "PATH",
    "HOME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SystemRoot",
    "USERPROFILE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "QEMU_LD_PREFIX",
    "RUST_LOG",
    "RUST_BACKTRACE",
];

/// The trampoline's and the runtime's own variables are inherited by their prefix.
const PREFIX: &str = "TRAP_";

/// Inherited, but not where starts are compared: `NODE_EXTRA_CA_CERTS` alone makes Node 20 boot 40 ms later.
const COSTLY: &[&str] = &["NODE_EXTRA_CA_CERTS", "RUST_LOG", "RUST_BACKTRACE"];

/// True for variables that change nothing about how fast a host starts.
pub(super) fn is_harmless(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| !COSTLY.contains(&name) && !name.starts_with(PREFIX))
}

/// What of our own environment, `ours`, a host sees.
pub(crate) fn inherited(
    ours: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    ours.filter(|(name, _)| {
        name.to_str().is_some_and(|name| INHERITED.contains(&name) || name.starts_with(PREFIX))
    })
}

/// The whole environment, `ours` being that of this process.
pub(super) fn of(
    function: &Function,
    api: SocketAddr,
    task_root: &Path,
    handler: &str,
    ours: impl Iterator<Item = (OsString, OsString)>,
) -> BTreeMap<OsString, OsString> {
    let mut all: BTreeMap<OsString, OsString> = inherited(ours).collect();
    let mut set = |name: &str, value: OsString| drop(all.insert(name.into(), value));
    set("AWS_LAMBDA_RUNTIME_API", api.to_string().into());
    set("AWS_LAMBDA_FUNCTION_NAME", function.name.clone().into());
    set("AWS_LAMBDA_FUNCTION_VERSION", function.version.clone().into());
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mb.to_string().into());
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into());
    set("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", function.name).into());
    set("AWS_LAMBDA_LOG_STREAM_NAME", format!("[{}]local", function.version).into());
    set("AWS_EXECUTION_ENV", "AWS_Lambda_nodejs".into());
    set("AWS_REGION", function.region.clone().into());
    set("AWS_DEFAULT_REGION", function.region.clone().into());
    set("LAMBDA_TASK_ROOT", task_root.into());
    set("_HANDLER", handler.into());
    set("LANG", "en_US.UTF-8".into());
    set("TZ", ":UTC".into());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_slows_starts_down_is_known_by_name() {
        for name in ["NODE_EXTRA_CA_CERTS", "TRAP_LOG", "TRAP_DIR", "RUST_LOG"] {
            assert!(!is_harmless(OsStr::new(name)), "{name}");
        }
        assert!(is_harmless(OsStr::new("PATH")) && COSTLY.iter().all(|name| INHERITED.contains(name)));
    }

    #[test]
    fn only_what_was_chosen_is_inherited() {
        let ours = [("PATH", "/bin"), ("TRAP_LOG", "debug"), ("AWS_SECRET_ACCESS_KEY", "s"), ("LANG", "de")];
        let ours = ours.map(|(name, value)| (name.into(), value.into()));
        let api = "127.0.0.1:9".parse().expect("an address");
        let all = of(&Function::new("f"), api, Path::new("/task"), "index.handler", ours.into_iter());
        let get = |name: &str| all.get(&OsString::from(name)).and_then(|value| value.to_str());
        assert_eq!(get("PATH"), Some("/bin"));
        assert_eq!(get("TRAP_LOG"), Some("debug"));
        assert_eq!(get("AWS_SECRET_ACCESS_KEY"), None);
        assert_eq!(get("LANG"), Some("en_US.UTF-8"));
        assert_eq!(get("AWS_LAMBDA_RUNTIME_API"), Some("127.0.0.1:9"));
        assert_eq!(get("_HANDLER"), Some("index.handler"));
        assert_eq!(get("AWS_LAMBDA_LOG_GROUP_NAME"), Some("/aws/lambda/f"));
    }
}
