//! The page of `cargo trap bench --format html` in a real browser.
//!
//! The page itself has no script. A page of the test's own puts it into frames of several widths and looks at
//! it from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cargo_trap::bench::report::{self, Format};
use cargo_trap::bench::{compare, journal};
use e2e::Result;
use libtest_mimic::{Arguments, Failed, Trial};

/// A phone, a tablet, a screen.
const WIDTHS: [u32; 3] = [360, 768, 1280];

/// What a page load may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a case does with a browser.
type Case = fn(&Path) -> Result<()>;

fn main() {
    let arguments = Arguments::from_args();
    let cases: [(&str, Case); 4] = [
        ("the-browser-is-heard-when-it-complains", the_browser_is_heard_when_it_complains),
        ("the-page-opens-without-a-complaint", the_page_opens_without_a_complaint),
        ("the-page-fits-every-width", the_page_fits_every_width),
        ("the-page-follows-the-colour-scheme", the_page_follows_the_colour_scheme),
    ];
    let browser = browser();
    let trials = cases.into_iter().map(|(name, case)| match browser.clone() {
        Some(browser) => Trial::test(name, move || case(&browser).map_err(Failed::from)),
        None if std::env::var("CI").is_ok_and(|value| value == "true") => {
            Trial::test(name, || Err(Failed::from("there is no Chromium; try `cargo xtask setup`")))
        }
        None => Trial::test(name, || Ok(())).with_ignored_flag(true).with_kind("no Chromium"),
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn browser() -> Option<PathBuf> {
    let folders: Vec<_> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.exists())
}

/// A report of a committed run, with a comparison, as a file.
fn page(name: &str) -> Result<PathBuf> {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cli/src/bench/report/expected/run.json");
    let run = journal::read(&run).map_err(|error| error.to_string())?;
    let comparison = compare::compare(&run, &run);
    let text = report::render(&run, Format::Html, report::WIDTH, Some(&comparison));
    write(name, "page.html", &text.map_err(|error| error.to_string())?)
}

/// Each case has a folder of its own: browsers must not share theirs.
fn write(case: &str, name: &str, text: &str) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page").join(case);
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let path = folder.join(name);
    fs::write(&path, text).map_err(|error| error.to_string())?;
    Ok(path)
}

/// What a page became, and what the browser had to say about it.
struct Opened {
    dom: String,
    complaints: Vec<String>,
}

fn open(browser: &Path, page: &Path, flags: &[&str]) -> Result<Opened> {
    let profile = page.with_extension("profile");
    let _ = fs::remove_dir_all(&profile);
    let [out, err] = ["out", "err"].map(|ending| page.with_extension(ending));
    let file = |path: &Path| fs::File::create(path).map(Stdio::from).map_err(|error| error.to_string());
    let mut child = Command::new(browser)
        // Without the sandbox, because the tests may run as root; without anything that asks the network.
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--enable-logging=stderr", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(flags)
        .arg("--dump-dom")
        .arg(format!("file://{}", page.display()))
        .stdout(file(&out)?)
        .stderr(file(&err)?)
        .spawn()
        .map_err(|error| format!("`{}` could not be started: {error}", browser.display()))?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if start.elapsed() > PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("the browser did not come to an end".to_owned());
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let _ = fs::remove_dir_all(&profile);
    let read = |path: &Path| fs::read_to_string(path).map_err(|error| error.to_string());
    let (dom, log) = (read(&out)?, read(&err)?);
    if !status.success() || dom.is_empty() {
        return Err(format!("the browser ended with {status}:\n{log}"));
    }
    let complaints = log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    Ok(Opened { dom, complaints })
}

fn the_browser_is_heard_when_it_complains(browser: &Path) -> Result<()> {
    let text = "<!doctype html><title>x</title><script>console.error('heard')</script>";
    let opened = open(browser, &write("complaint", "page.html", text)?, &[])?;
    match &opened.complaints[..] {
        [one] if one.contains("heard") => Ok(()),
        other => Err(format!("expected one complaint, not {other:?}")),
    }
}

fn the_page_opens_without_a_complaint(browser: &Path) -> Result<()> {
    let opened = open(browser, &page("plain")?, &[])?;
    if !opened.complaints.is_empty() {
        return Err(opened.complaints.join("\n"));
    }
    for expected in ["<h1>Cold start of hello-axum</h1>", "What changed since", "<circle", "</html>"] {
        if !opened.dom.contains(expected) {
            return Err(format!("the page lacks `{expected}`"));
        }
    }
    Ok(())
}

/// Opens the page in frames, and gives what `look` says of each.
fn framed(browser: &Path, case: &str, look: &str, flags: &[&str]) -> Result<Vec<String>> {
    page(case)?;
    let frames =
        WIDTHS.map(|width| format!("<iframe src='page.html' width='{width}' height='600'></iframe>"));
    let frame = format!(
        "<!doctype html><title>frames</title>{}<pre id='result'></pre>
        <script>
        addEventListener('load', () => {{
            const lines = [...document.querySelectorAll('iframe')].map(frame => {{
                const page = frame.contentDocument, style = name => frame.contentWindow.getComputedStyle(name);
                return {look};
            }});
            document.getElementById('result').textContent = lines.join('\\n');
        }});
        </script>",
        frames.concat()
    );
    let flags = [flags, &["--allow-file-access-from-files"]].concat();
    let opened = open(browser, &write(case, "frames.html", &frame)?, &flags)?;
    if !opened.complaints.is_empty() {
        return Err(opened.complaints.join("\n"));
    }
    let result = opened.dom.split("<pre id=\"result\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let lines: Vec<_> = result.unwrap_or_default().lines().map(str::to_owned).collect();
    if lines.len() == WIDTHS.len() { Ok(lines) } else { Err(format!("the frames said {lines:?}")) }
}

fn the_page_fits_every_width(browser: &Path) -> Result<()> {
    let look = "`${page.documentElement.scrollWidth} ${[...page.querySelectorAll('.row svg')]
        .every(svg => svg.getBoundingClientRect().width > 150)}`";
    let lines = framed(browser, "widths", look, &[])?;
    for (line, width) in lines.iter().zip(WIDTHS) {
        let (wide, has_room) = line.split_once(' ').unwrap_or_default();
        if wide.parse::<u32>().map_or(true, |wide| wide > width) || has_room != "true" {
            return Err(format!("{width} pixels: {wide} are needed, room for charts: {has_room}"));
        }
    }
    Ok(())
}

fn the_page_follows_the_colour_scheme(browser: &Path) -> Result<()> {
    let look = "`${style(page.body).backgroundColor} ${style(page.querySelector('rect.load')).fill}`";
    let light = framed(browser, "light", look, &["--blink-settings=preferredColorScheme=1"])?;
    let dark = framed(browser, "dark", look, &["--blink-settings=preferredColorScheme=0"])?;
    if light[0] == dark[0] { Err(format!("light and dark are both {}", light[0])) } else { Ok(()) }
}
