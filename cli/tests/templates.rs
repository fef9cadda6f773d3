//! Promises every folder under `templates/` makes. A new platform or project is tested by existing.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_trap::commands::new;
use cargo_trap::platform::{self, Platform, Values, WrapperValue, WrapperValues};
use cargo_trap::settings::{Lang, Takeover};

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates")
}

/// The fixed answers that expected output is rendered with.
fn values(platform: &Platform, lang: Lang) -> Values {
    Values {
        name: "my-service".to_owned(),
        class: "MyService".to_owned(),
        typed: None,
        ts: lang == Lang::Ts,
        ext: if lang == Lang::Ts { "ts" } else { "js" },
        takeover: platform.takeover(Takeover::Auto).unwrap().as_str(),
        arch: "arm64",
        aws_arch: "arm64",
        aws_arches: "arm64".to_owned(),
        payload: "base64",
        wrapper: WrapperValues::default(),
        single_file: platform.manifest.single_file,
        bridge: true,
        lazy_bridge: platform.manifest.single_file
            && platform.takeover(Takeover::Auto).unwrap() == Takeover::Auto,
        listens: platform.manifest.listens.clone().unwrap_or_default(),
        handler: platform.handler().to_owned(),
        request_limit: 6_291_456,
        dir: "target/trap/my-service".to_owned(),
        path: "target/trap/my-service".to_owned(),
        zip: "target/trap/my-service.zip".to_owned(),
        version: "0.0.0",
    }
}

fn rendered(platform: &Platform, lang: Lang) -> BTreeMap<String, String> {
    rendered_with(platform, &values(platform, lang))
}

fn rendered_with(platform: &Platform, values: &Values) -> BTreeMap<String, String> {
    let mut files = platform.files();
    files.extend(platform.host_files().into_iter().map(|(path, text)| (format!("host/{path}"), text)));
    platform::render(&files, values)
        .unwrap()
        .into_iter()
        .map(|file| {
            let tail = file.tail.map(|tail| format!("/* trampoline and payload */\n{tail}"));
            (file.path, file.head + &tail.unwrap_or_default())
        })
        .collect()
}

/// All files below a folder, by their path inside it.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                // A starter project has pictures too; nothing here compares those.
                found.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
            }
        }
    }
    found
}

/// Compares rendered files with the committed ones; `TRAP_BLESS=1` commits them.
fn compare(expected: &Path, actual: &BTreeMap<String, String>) {
    if std::env::var_os("TRAP_BLESS").is_some() {
        let _ = fs::remove_dir_all(expected);
        for (path, text) in actual {
            let target = expected.join(path);
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, text).unwrap();
        }
    }
    assert_eq!(
        &tree(expected),
        actual,
        "{} is out of date; look at the change, then accept it with `TRAP_BLESS=1 cargo test -p cargo-trap --test templates`",
        expected.display()
    );
}

#[test]
fn every_platform_renders_as_expected_in_every_language() {
    let platforms = platform::all().unwrap();
    assert!(!platforms.is_empty());
    for platform in platforms {
        for &lang in &platform.manifest.langs {
            let expected = templates().join("platforms").join(&platform.manifest.id).join("expected");
            compare(&expected.join(format!("{lang:?}").to_lowercase()), &rendered(&platform, lang));
        }
    }
}

#[test]
fn a_wrapper_is_part_of_what_platforms_are_told_that_can_start_one() {
    for platform in platform::all().unwrap() {
        let Some(wrapper) = &platform.manifest.wrapper else { continue };
        assert!(
            wrapper.source.starts_with("https://"),
            "{}: a wrapper without a source",
            platform.manifest.id
        );
        let value = |aws_arch, arch| WrapperValue {
            aws_arch,
            path: format!("{}/trap/my-service.{arch}.bin", wrapper.root),
        };
        let mut values = values(&platform, platform.manifest.langs[0]);
        values.aws_arches = "arm64 or x86_64".to_owned();
        values.wrapper = WrapperValues {
            name: wrapper.variable.clone(),
            values: vec![value("arm64", "arm64"), value("x86_64", "x64")],
        };
        let rendered = rendered_with(&platform, &values);
        let expected = templates().join("platforms").join(&platform.manifest.id).join("expected/wrapper");
        compare(&expected, &rendered);
        let next = |line: &String| platform::render_text("next", line, &values).unwrap();
        let next: Vec<_> = platform.manifest.next.iter().map(next).collect();
        assert!(next.iter().any(|line| line.contains(&wrapper.variable)), "{next:?}");
    }
}

#[test]
fn every_snippet_is_announced_and_renders_as_expected() {
    let mut any = false;
    for platform in platform::all().unwrap() {
        let id = &platform.manifest.id;
        let snippets = platform.snippets();
        let announced: Vec<_> = platform.manifest.snippets.keys().collect();
        assert_eq!(announced, snippets.keys().collect::<Vec<_>>(), "{id}: `[snippets]` and its files");
        let values = values(&platform, platform.manifest.langs[0]);
        let rendered = snippets
            .into_iter()
            .map(|(name, text)| (name.clone(), platform::render_text(&name, text, &values).unwrap()))
            .collect::<BTreeMap<_, _>>();
        let expected = templates().join("platforms").join(id).join("expected/snippets");
        if rendered.is_empty() {
            assert!(!expected.exists(), "{} is left over", expected.display());
        } else {
            compare(&expected, &rendered);
            any = true;
        }
    }
    assert!(any, "no platform has snippets");
}

#[test]
fn every_folder_is_embedded() {
    let on_disk = |kind: &str| {
        let mut names: Vec<String> = fs::read_dir(templates().join(kind))
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let platforms: Vec<_> =
        platform::all().unwrap().into_iter().map(|platform| platform.manifest.id).collect();
    assert_eq!(platforms, on_disk("platforms"));
    let mut projects: Vec<_> = new::projects().unwrap().into_iter().map(|project| project.id).collect();
    projects.sort();
    assert_eq!(projects, on_disk("projects"));
}

#[test]
fn every_platform_has_its_main_module_and_names_its_limits_sources() {
    for platform in platform::all().unwrap() {
        let manifest = &platform.manifest;
        for &lang in &manifest.langs {
            let main = platform::expand(&manifest.main, &values(&platform, lang));
            assert!(rendered(&platform, lang).contains_key(&main), "{}: no {main}", manifest.id);
        }
        for scaffold in &manifest.scaffold {
            assert!(
                rendered(&platform, manifest.langs[0]).contains_key(scaffold),
                "{}: `{scaffold}` is no file of it",
                manifest.id
            );
        }
        assert!(!manifest.summary.is_empty() && !manifest.limits.is_empty(), "{}", manifest.id);
        for limit in &manifest.limits {
            assert!(limit.source.starts_with("https://"), "{}: a limit without a source", manifest.id);
        }
        let has = |takeover| manifest.takeovers.contains(&takeover);
        assert_eq!(has(Takeover::Library), manifest.glibc.is_some(), "{}: which glibc?", manifest.id);
        assert_eq!(has(Takeover::Wrapper), manifest.wrapper.is_some(), "{}: by what?", manifest.id);
        for next in &manifest.next {
            platform::render_text("next", next, &values(&platform, manifest.langs[0])).unwrap();
        }
    }
}

#[test]
fn the_handler_is_a_file_that_exists_when_the_artifact_is_started_here() {
    for platform in platform::all().unwrap() {
        let (module, export) = platform.handler().rsplit_once('.').expect("<module>.<export>");
        let files = rendered(&platform, *platform.manifest.langs.last().unwrap());
        let text = files
            .iter()
            .find(|(path, _)| {
                let path = path.strip_prefix("host/").unwrap_or(path);
                [".mjs", ".js"].iter().any(|ending| *path == format!("{module}{ending}"))
            })
            .map(|(_, text)| text)
            .unwrap_or_else(|| panic!("{}: no module `{module}`", platform.manifest.id));
        assert!(text.contains(&format!("export const {export}")), "{}", platform.manifest.id);
    }
}

#[test]
fn no_template_hides_itself_from_the_package() {
    // Cargo leaves out every folder below a manifest that has a `Cargo.toml` of its own.
    for (path, _) in tree(&templates()) {
        assert!(
            path == "Cargo.toml" || !path.ends_with("Cargo.toml"),
            "templates/{path}: cargo would leave this folder out; name it `Cargo.toml.tmpl`"
        );
    }
}
