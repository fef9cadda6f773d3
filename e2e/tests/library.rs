//! How libraries and the addon are built: with Rust alone, against what a platform has, and once.
#![cfg(target_os = "linux")]
#![allow(missing_docs, reason = "a test crate")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_trap::elf::{Elf, Machine};
use e2e::{artifact, musl::Musl, native, stage, subject::Arch};

/// Everything of one test: a cache and a target folder of its own, so that nothing is there before.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        stage::set_base(Path::new(env!("CARGO_TARGET_TMPDIR")));
        Self { folder: tempfile::TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn trap(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(artifact::cli().unwrap());
        command.arg("trap");
        self.prepare(command, arguments)
    }

    fn prepare(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).env("CARGO_TRAP_CACHE", self.path("cache"));
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        command
    }

    /// Builds the library of `faulty`, which takes seconds, for both machines.
    fn build(&self, more: &[&str]) -> Command {
        let arguments = ["build", "--package", "faulty", "--lib", "--platform", "lambda"];
        let mut command = self.prepare(artifact::trap().unwrap(), &arguments);
        command.args(["--locked", "--arch", "both"]).args(more).envs(artifact::UNWIND);
        command.arg("--target-dir").arg(self.path("target")).arg("--out-dir").arg(self.path("out"));
        command
    }

    /// A crate of one file that is a library.
    fn project(&self, source: &str) -> PathBuf {
        let folder = self.path("project");
        fs::create_dir_all(folder.join("src")).unwrap();
        let manifest =
            "[package]\nname = \"own\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n[workspace]\n";
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::write(folder.join("src/lib.rs"), source).unwrap();
        folder
    }

    /// The addons in the cache, each with what tells it from another one.
    fn addons(&self) -> Vec<(PathBuf, std::time::SystemTime)> {
        let folders = fs::read_dir(self.path("cache")).unwrap().map(|entry| entry.unwrap().path());
        let addons = folders
            .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("addon-")));
        let mut found: Vec<_> = addons
            .flat_map(|folder| fs::read_dir(folder).unwrap())
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.path(), entry.metadata().unwrap().modified().unwrap()))
            .collect();
        found.sort();
        found
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", said(&output));
    said(&output)
}

fn machine(path: &Path) -> Machine {
    Elf::read("file", &fs::read(path).unwrap()).unwrap().machine
}

/// Puts commands in front of those of this machine that write down how they are called. `cc` links what runs here, for
/// build scripts and macros; whoever asks anything else of it, or anything at all of another one, is refused.
fn guarded(place: &Place) -> (String, PathBuf) {
    let (folder, refused) = (place.path("bin"), place.path("refused"));
    fs::create_dir_all(&folder).unwrap();
    let real = which("cc");
    let cc = format!(
        "#!/bin/sh\nout=\nlast=\nfor word do\n  [ \"$last\" = -o ] && out=$word\n  last=$word\ndone\n\
         case $out in\n  ''|*-unknown-linux-*) echo \"cc $*\" >> '{refused}'; exit 1 ;;\nesac\n\
         echo \"$out\" >> '{linked}'\nexec '{real}' \"$@\"\n",
        refused = refused.display(),
        linked = place.path("linked").display(),
    );
    let refuse = |name: &str| format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\nexit 1\n", refused.display());
    let names = [
        "gcc",
        "g++",
        "clang",
        "zig",
        "lld",
        "ld.lld",
        "aarch64-linux-gnu-gcc",
        "x86_64-linux-gnu-gcc",
        "c++",
    ];
    let scripts = names.map(|name| (name, refuse(name)));
    for (name, script) in scripts.into_iter().chain([("cc", cc)]) {
        fs::write(folder.join(name), script).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    (format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()), refused)
}

fn which(name: &str) -> String {
    let output = Command::new("sh").args(["-c", &format!("command -v {name}")]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn both_machines_are_built_for_without_a_cross_toolchain_and_then_without_a_network() {
    let place = Place::new();
    let (path, refused) = guarded(&place);
    let built = succeed(place.build(&[]).env("PATH", &path));
    assert!(!refused.exists(), "{}", fs::read_to_string(refused).unwrap());
    let linked = fs::read_to_string(place.path("linked")).expect("macros of dependencies are linked by `cc`");
    assert!(!linked.contains("-unknown-linux-"), "{linked}");
    assert_eq!(built.matches("Building the addon").count(), 2, "once for each machine:\n{built}");
    for (arch, expected) in [("arm64", "arm64"), ("x64", "x64")] {
        for kind in ["so", "node"] {
            let file = place.path("out/trap").join(format!("faulty.{arch}.{kind}"));
            assert!(
                matches!(machine(&file), Machine::Known(found) if found.as_str() == expected),
                "{file:?}"
            );
        }
        let addon = fs::metadata(place.path("out/trap").join(format!("faulty.{arch}.node"))).unwrap().len();
        assert!(addon < 40_000, "the addon for {arch} has {addon} bytes");
    }

    let whole = succeed(place.trap(&["inspect"]).arg(place.path("out")));
    for part in ["takeover    library", "shared library", "with the addon", "state       whole"] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    let addon = place.path("out/trap/faulty.x64.node");
    let bytes = fs::read(&addon).unwrap();
    fs::write(&addon, [&bytes[..bytes.len() - 1], &[!bytes[bytes.len() - 1]]].concat()).unwrap();
    let output = place.trap(&["inspect"]).arg(place.path("out")).output().unwrap();
    let seen = said(&output);
    assert!(
        !output.status.success() && seen.contains("trap/faulty.x64.node` was changed after the build"),
        "{seen}"
    );

    let before = place.addons();
    assert_eq!(before.len(), 2, "nothing but the addons is kept: {before:?}");
    fs::remove_dir_all(place.path("out")).unwrap();
    let again = succeed(place.build(&["--offline"]).env("PATH", &path));
    assert!(!again.contains("Building the addon"), "{again}");
    assert_eq!(place.addons(), before, "the addons were kept");
    assert!(place.path("out/trap/faulty.x64.node").exists());
}

/// Whatever is set for the user's own release builds, the addon is what it is: it could not be loaded otherwise.
#[test]
fn the_addon_does_not_depend_on_how_cargo_is_configured() {
    let (plain, odd) = (Place::new(), Place::new());
    for (place, variables) in [
        (&plain, &[][..]),
        (
            &odd,
            &[
                ("CARGO_PROFILE_RELEASE_LTO", "false"),
                ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
                ("CARGO_PROFILE_RELEASE_PANIC", "unwind"),
                ("CARGO_PROFILE_RELEASE_DEBUG", "true"),
                ("CARGO_PROFILE_RELEASE_STRIP", "false"),
                ("RUSTFLAGS", "-Cdebug-assertions=yes"),
                ("CARGO_BUILD_TARGET_DIR", "/nonexistent"),
            ][..],
        ),
    ] {
        let entry = "#[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 { 0 }\n";
        let project = place.project(entry);
        let library = native::compile("own", entry, Arch::X64, &project, &["-Copt-level=z"]).unwrap();
        let mut command =
            place.trap(&["build", "--takeover", "library", "--platform", "lambda", "--program"]);
        command.arg(library).arg("--out-dir").arg(place.path("out")).envs(variables.iter().copied());
        succeed(&mut command);
    }
    let addon = |place: &Place| fs::read(place.path("out/trap/own.x64.node")).unwrap();
    assert_eq!(addon(&plain), addon(&odd), "same input, same bytes");
    // Where it was built must not be in it.
    let text = String::from_utf8_lossy(&addon(&plain)).into_owned();
    assert!(
        !text.contains("/build-") && !text.contains("/home/") && !text.contains("/root/"),
        "it names a folder"
    );
}

const NEWER: &str = "unsafe extern \"C\" { fn arc4random() -> u32; }\n\
                     #[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 { unsafe { arc4random() as i32 } }\n";

/// A function of glibc 2.36, which the machine that builds may well have.
#[test]
fn what_the_platform_does_not_have_does_not_link() {
    let place = Place::new();
    let project = place.project(NEWER);
    let mut command = place.trap(&["build", "--platform", "lambda", "--offline"]);
    let output =
        command.current_dir(&project).env("CARGO_TARGET_DIR", place.path("target")).output().unwrap();
    let said = said(&output);
    assert!(!output.status.success(), "{said}");
    // By the linker, with its name; not by the platform, when it starts.
    assert!(said.contains("undefined symbol: arc4random"), "{said}");
    assert!(!project.join("target").exists(), "nothing is packaged");
}

/// One that was linked elsewhere is held against the same list.
#[test]
fn a_library_from_elsewhere_is_held_against_what_the_platform_has() {
    let place = Place::new();
    let library = native::compile("own", NEWER, Arch::Arm64, place.folder.path(), &[]).unwrap();
    let mut command = place.trap(&["build", "--takeover", "library", "--platform", "lambda", "--program"]);
    let output = command.arg(&library).arg("--out-dir").arg(place.path("out")).output().unwrap();
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("error[library-symbol]") && said.contains("`arc4random`"), "{said}");
    assert!(
        !place.path("out").exists() && !place.path("cache").exists(),
        "nothing is written, and nothing built"
    );
}

/// The user's linker wins, and still finds just what the platform has: this machine's own glibc is newer.
#[test]
fn a_configured_linker_links_against_what_the_platform_has() {
    let place = Place::new();
    let source = "#[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 {\n    \
                  std::thread::spawn(|| std::fs::canonicalize(\".\").is_ok()).join().is_ok().into()\n}\n";
    let project = place.project(source);
    let mut command = place.trap(&["build", "--platform", "lambda", "--arch", "x64", "--verbose"]);
    command.arg("--out-dir").arg(place.path("out")).current_dir(&project);
    command.env("CARGO_TARGET_DIR", place.path("target"));
    command.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "cc");
    let said = succeed(&mut command);
    assert!(said.contains("cc (configured for `x86_64-unknown-linux-gnu`)"), "{said}");
    // It came through the gate, so all it asks for is on the list.
    assert!(
        matches!(machine(&place.path("out/trap/own.x64.so")), Machine::Known(arch) if arch.as_str() == "x64")
    );
}

/// What glibc links into every library itself: `rand` and many others ask for it.
#[test]
fn functions_that_glibc_links_into_everything_are_there() {
    let place = Place::new();
    let source = "use std::ffi::c_int;\n\
        unsafe extern \"C\" {\n    fn atexit(f: extern \"C\" fn()) -> c_int;\n    fn at_quick_exit(f: extern \"C\" fn()) -> c_int;\n    \
        fn pthread_atfork(a: Option<extern \"C\" fn()>, b: Option<extern \"C\" fn()>, c: Option<extern \"C\" fn()>) -> c_int;\n    \
        fn fork() -> c_int;\n    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;\n    fn _exit(status: c_int) -> !;\n}\n\
        static mut IN_CHILD: c_int = 1;\n\
        extern \"C\" fn child() { unsafe { IN_CHILD = 5 } }\n\
        extern \"C\" fn bye() { println!(\"bye\"); }\n\
        #[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> c_int {\n    unsafe {\n        \
        assert_eq!((atexit(bye), at_quick_exit(bye), pthread_atfork(None, None, Some(child))), (0, 0, 0));\n        \
        match fork() { 0 => _exit(IN_CHILD), pid => { let mut status = 0; waitpid(pid, &raw mut status, 0); status >> 8 } }\n    }\n}\n";
    for arch in [Arch::X64, Arch::Arm64] {
        let library =
            native::compile("own", source, arch, place.folder.path(), &["-Clink-arg=-zdefs"]).unwrap();
        let mut command =
            place.trap(&["build", "--takeover", "library", "--platform", "lambda", "--program"]);
        succeed(command.arg(&library).arg("--out-dir").arg(place.path("out")));
        let node = e2e::tools::node(arch, e2e::subject::Node::V22).expect("`cargo xtask setup` brings it");
        let script = "const module = { exports: {} }; process.dlopen(module, process.argv[1]); \
                      console.log(module.exports.trap(process.argv[2]));";
        let mut command = Command::new(node);
        command
            .args(["-e", script])
            .arg(place.path("out/trap").join(format!("own.{arch}.node")))
            .arg(&library);
        let said = succeed(command.env("QEMU_LD_PREFIX", "/usr/aarch64-linux-gnu"));
        assert_eq!(said, "5\nbye\n", "{arch}: the child was told, and the end of the process too");
    }
}

/// The addon asks for nothing that only glibc has, so that the same file serves a Node on musl. A library does ask.
#[test]
fn the_same_addon_works_in_a_node_on_musl() {
    let place = Place::new();
    let entry = "#[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 { 7 }\n";
    let library = native::compile("own", entry, Arch::X64, place.folder.path(), &[]).unwrap();
    let mut command = place.trap(&["build", "--takeover", "library", "--platform", "lambda", "--program"]);
    succeed(command.arg(&library).arg("--out-dir").arg(place.path("out")));

    let source = "#[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 {\n    \
                  let named = std::thread::spawn(|| std::fs::canonicalize(\"/proc/self/exe\")).join();\n    \
                  println!(\"library: {}\", named.is_ok_and(|named| named.is_ok()));\n    7\n}\n";
    let good = native::compile_for_musl("good", source, place.folder.path()).unwrap();
    let wants = "unsafe extern \"C\" { fn no_such_function() -> i32; }\n\
                 #[unsafe(no_mangle)]\npub extern \"C\" fn trap() -> i32 { unsafe { no_such_function() } }\n";
    let wants = native::compile_for_musl("wants", wants, place.folder.path()).unwrap();
    let script = "const module = { exports: {} }; process.dlopen(module, process.argv[1]);\n\
                  const { trap, exec } = module.exports;\n\
                  for (const path of process.argv.slice(2)) {\n  \
                  try { console.log(trap(path)); } catch ({ code, message }) { console.log(code, message); }\n}\n\
                  try { exec(\"/nowhere\", [\"a\"], {}); } catch ({ code, errno }) { console.log(code, errno); }\n\
                  exec(\"/bin/sh\", [\"sh\", \"-c\", \"echo $A\"], { A: \"executed\" });";
    let musl = Musl::new(place.folder.path()).unwrap();
    let mut command = musl.command();
    command.args(["-e", script]).arg(place.path("out/trap/own.x64.node"));
    command.args([Path::new("/nowhere"), &wants, &library, &good]);
    let said = succeed(&mut command);
    let lines: Vec<&str> = said.lines().collect();
    let [missing, unresolved, other, library, status, refused, executed] = lines[..] else {
        panic!("{said}")
    };
    assert!(missing.starts_with("TRAP_LIBRARY_MISSING "), "{said}");
    let names_it = unresolved.contains("no_such_function") && unresolved.contains(wants.to_str().unwrap());
    assert!(unresolved.starts_with("TRAP_LIBRARY_UNRESOLVED ") && names_it, "{said}");
    // One for glibc asks for glibc's loader.
    assert!(other.starts_with("TRAP_LIBRARY_UNUSABLE ") && other.contains("ld-linux-x86-64.so.2"), "{said}");
    assert_eq!(
        [library, status, refused, executed],
        ["library: true", "7", "ENOENT -2", "executed"],
        "{said}"
    );
}
