//! A class in Rust: its answers are those of the handler that Genezio's own command generates for the same class, and
//! clients made of it, ours and Genezio's, type-check and get every value back.
#![allow(missing_docs, reason = "a test")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use e2e::artifact::{UNWIND, cli, run, trap};
use e2e::genezio::{self, link, modules};
use e2e::subject::{Arch, Node};
use e2e::{Result, tools};
use libtest_mimic::{Arguments, Failed, Trial};

type Case = (&'static str, fn() -> Result<()>);

fn main() {
    let arguments = Arguments::from_args();
    let cases: [Case; 3] = [
        ("a-class-answers-as-genezios-own-handler", a_class_answers_as_genezios_own_handler),
        ("our-client-gets-every-type-back", our_client_gets_every_type_back),
        ("genezios-client-calls-the-class-in-its-bundle", genezios_client_calls_the_class_in_its_bundle),
    ];
    let ready = || {
        tools::node(Arch::X64, Node::V20)?;
        tools::ric(Arch::X64, Node::V20)?;
        tools::genezio().and(tools::node(Arch::X64, Node::V22))
    };
    let trial = |(name, play): Case| match ready() {
        Ok(_) => Trial::test(name, move || play().map_err(Failed::from)),
        Err(missing) if std::env::var("CI").is_ok_and(|value| value == "true") => {
            Trial::test(name, || Err(Failed::from(missing)))
        }
        Err(_) => Trial::test(name, || Ok(())).with_ignored_flag(true).with_kind("no Genezio CLI"),
    };
    libtest_mimic::run(&arguments, cases.into_iter().map(trial).collect()).exit();
}

fn folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| format!("making a folder: {error}"))
}

fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(|error| format!("creating `{}`: {error}", parent.display()))?;
    }
    fs::write(path, text).map_err(|error| format!("writing `{}`: {error}", path.display()))
}

/// A process, ended on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // As platforms end it, so that what it has started ends with it.
        e2e::stage::terminate(self.0.id());
        let _ = self.0.wait();
    }
}

/// A script that compared nothing must not pass.
fn expect_last_words(said: &str, words: &str) -> Result<()> {
    if said.trim_end().ends_with(words) { Ok(()) } else { Err(format!("it said: {said}")) }
}

fn a_class_answers_as_genezios_own_handler() -> Result<()> {
    let folder = folder()?;
    let said = run(Command::new(tools::node(Arch::X64, Node::V22)?)
        .arg("e2e/hosts/class.mjs")
        .arg(modules()?.join("genezio/build/src/bundlers/node/lambdaHandlerGenerator.js"))
        .arg(env!("CARGO_BIN_EXE_greeter"))
        .arg(folder.path()))?;
    expect_last_words(&said, "cases agree")
}

/// A project for TypeScript's compiler, as strict as it goes.
fn typescript(folder: &Path, whose: &str) -> Result<()> {
    let options = r#"{
  "compilerOptions": {
    "strict": true, "exactOptionalPropertyTypes": true, "noUncheckedIndexedAccess": true, "noUnusedLocals": true,
    "noUnusedParameters": true, "noImplicitOverride": true, "noImplicitReturns": true, "erasableSyntaxOnly": true,
    "noFallthroughCasesInSwitch": true, "noPropertyAccessFromIndexSignature": true,
    "target": "ES2022", "lib": ["ES2023"], "types": ["node"], "module": "NodeNext", "outDir": "out"
  },
  "include": ["*.ts"]
}"#;
    write(&folder.join("tsconfig.json"), options)?;
    write(&folder.join("package.json"), r#"{ "type": "module" }"#)?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts/every-type");
    for source in [&sources, &sources.join(whose)] {
        copy_files(source, folder).map_err(|error| format!("copying `{}`: {error}", source.display()))?;
    }
    for name in ["@types/node", "undici-types"] {
        link(&modules()?.join(name), &folder.join("node_modules").join(name))?;
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

fn check_types(folder: &Path) -> Result<()> {
    let mut command = Command::new(tools::node(Arch::X64, Node::V22)?);
    run(command.arg(modules()?.join("typescript/bin/tsc")).arg("--project").arg(folder)).map(drop)
}

/// Builds `every-type`.
fn build(platform: &str, folder: &Path) -> Result<()> {
    let mut command = trap()?;
    command.args(["build", "-p", "every-type", "--arch", "x64", "--platform", platform]);
    // A panic is an error of its call only where it unwinds.
    run(command.envs(UNWIND).arg("--out-dir").arg(folder)).map(drop)
}

fn our_client_gets_every_type_back() -> Result<()> {
    let folder = folder()?;
    let artifact = folder.path().join("artifact");
    build("lambda", &artifact)?;
    let program = artifact.join("trap/every-type.x64.bin");
    let client = folder.path().join("client.ts");
    let mut command = Command::new(cli()?);
    command.args(["trap", "client", "--lang", "ts", "--out"]).arg(&client).arg(&program);
    run(&mut command)?;
    // It survives what makes programs small: every optimisation across crates, and no symbols.
    let small = folder.path().join("small.ts");
    let mut command = Command::new(cli()?);
    command.args(["trap", "client", "-p", "every-type", "--release", "--out"]).arg(&small);
    // Makes no difference to what `lto = "fat"` makes of all crates together, and macros are those of the other builds.
    command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    run(&mut command)?;
    let text = |path: &Path| fs::read_to_string(path).map_err(|error| format!("reading a client: {error}"));
    if text(&client)? != text(&small)? {
        return Err("with `lto` and `strip` the client is another".to_owned());
    }
    fs::remove_file(&small).map_err(|error| format!("removing a client: {error}"))?;
    typescript(folder.path(), "ours")?;
    check_types(folder.path())?;
    let mut command = Command::new(&program);
    let mut child = command
        .env("PORT", "0")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("starting the program: {error}"))?;
    let lines = child.stderr.take().ok_or("it has no stderr")?;
    let _running = Running(child);
    let mut lines = BufReader::new(lines).lines().map_while(std::io::Result::ok);
    let address = lines
        .find_map(|line| Some(line[line.find("http://")?..].split_whitespace().next()?.to_owned()))
        .ok_or("the program did not say where it listens")?;
    // What it says of the panic must find a reader.
    std::thread::spawn(move || lines.for_each(drop));
    let said = run(Command::new(tools::node(Arch::X64, Node::V22)?)
        .arg(folder.path().join("out/test.js"))
        .arg(address))?;
    expect_last_words(&said, "every type came back")
}

fn genezios_client_calls_the_class_in_its_bundle() -> Result<()> {
    let folder = folder()?;
    let (artifact, project) = (folder.path().join("artifact"), folder.path().join("project"));
    build("genezio", &artifact)?;
    genezio::project(&artifact, &project)?;
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = port.map_err(|error| format!("finding a port: {error}"))?.port().to_string();
    // The SDK, with the part of it that makes requests: both are Genezio's own.
    let sdk = folder.path().join("client/node_modules/@genezio-sdk/every-type");
    let url = format!("http://127.0.0.1:{port}/");
    let name = ["sdk", "--source", "local", "--language", "ts", "--packageName", "@genezio-sdk/every-type"];
    run(genezio::command(&project)?.args(name).args(["--url", &url, "--output"]).arg(&sdk))?;
    let client = folder.path().join("client");
    typescript(&client, "genezio")?;
    let mut command = Command::new(cli()?);
    command.args(["trap", "client", "--sdk", "genezio", "--out"]).arg(client.join("complete.ts"));
    run(command.arg(&project))?;
    check_types(&client)?;
    // Genezio's own cloud pushes, so the program is fed through the bridge; Lambda is polled, by the program itself.
    for adapter in ["runtime", "aws"] {
        let arguments = ["bundleClass", "--className", "Every", "--cloudAdapter", adapter];
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("class").join(adapter);
        let deployed = genezio::bundle(&artifact, &arguments, "bundle.zip", &kept)?;
        let installed = folder.path().join(adapter);
        fs::create_dir(&installed).map_err(|error| format!("creating `{}`: {error}", installed.display()))?;
        let _running = host(adapter, &deployed, &installed, &port)?;
        let ask = |condition: &[&str], script: &str, last_words: &str| {
            let mut command = Command::new(tools::node(Arch::X64, Node::V22)?);
            command.args(condition).arg(client.join("out").join(script)).arg(&url);
            let said = run(&mut command).map_err(|error| format!("{adapter}: {error}"))?;
            expect_last_words(&said, last_words)
        };
        // Of the SDK's two ways to make requests only that of browsers knows `bigint`; completed, either does.
        ask(&["--conditions=browser"], "alone.js", "genezio's client agrees")?;
        ask(&[], "completed.js", "every type came back")?;
        ask(&["--conditions=browser"], "completed.js", "every type came back")?;
    }
    Ok(())
}

/// A stand-in for what calls a bundle: Genezio's closed host, or Lambda around AWS's own client.
fn host(adapter: &str, deployed: &Path, installed: &Path, port: &str) -> Result<Running> {
    let hosts = Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts");
    let mut command = Command::new(tools::node(Arch::X64, Node::V20)?);
    if adapter == "aws" {
        command.arg(hosts.join("runtime-api.mjs")).arg(tools::ric(Arch::X64, Node::V20)?).arg(deployed);
        command.args(["index.handler", "60", "1"]);
    } else {
        command.arg(hosts.join("genezio-cloud.mjs")).arg(deployed.join("index.mjs"));
    }
    // AWS's client takes the function from the folder that it is started in.
    command.current_dir(deployed).arg(port).env("TRAP_DIR", installed);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let running = Running(command.spawn().map_err(|error| format!("starting the host: {error}"))?);
    e2e::wait::until("the host to listen", || {
        std::net::TcpStream::connect(format!("127.0.0.1:{port}")).ok().map(drop)
    })?;
    Ok(running)
}
