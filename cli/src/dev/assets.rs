//! The files of the page, as they are in the binary. They are made from `page/src` by `cargo xtask generate`.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// One file.
struct Asset {
    path: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! asset {
    ($path:literal, $file:literal, $kind:literal) => {
        Asset { path: $path, kind: $kind, text: include_str!(concat!("page/", $file)) }
    };
}

/// Every file, by its path below `/__trap`.
const ASSETS: [Asset; 11] = [
    asset!("", "index.html", "text/html; charset=utf-8"),
    asset!("page.css", "page.css", "text/css; charset=utf-8"),
    asset!("api.js", "dist/api.js", "text/javascript; charset=utf-8"),
    asset!("announce.js", "dist/announce.js", "text/javascript; charset=utf-8"),
    asset!("build.js", "dist/build.js", "text/javascript; charset=utf-8"),
    asset!("containers.js", "dist/containers.js", "text/javascript; charset=utf-8"),
    asset!("detail.js", "dist/detail.js", "text/javascript; charset=utf-8"),
    asset!("dom.js", "dist/dom.js", "text/javascript; charset=utf-8"),
    asset!("form.js", "dist/form.js", "text/javascript; charset=utf-8"),
    asset!("list.js", "dist/list.js", "text/javascript; charset=utf-8"),
    asset!("main.js", "dist/main.js", "text/javascript; charset=utf-8"),
];

/// The file at a path below `/__trap`.
pub(super) fn find(path: &str) -> Option<Response> {
    let asset = ASSETS.iter().find(|asset| asset.path == path)?;
    let mut response = Response::new(Body::from(asset.text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generated_module_is_in_the_binary() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dev/page/dist");
        for entry in std::fs::read_dir(folder).expect("the sources").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(find(&name).is_some(), "`{name}` is no asset");
        }
    }

    #[test]
    fn the_page_takes_nothing_from_elsewhere() {
        for asset in &ASSETS {
            for foreign in
                ["http://", "https://", "//cdn", "@import", "innerHTML", "insertAdjacentHTML", "eval("]
            {
                let found = asset.text.match_indices(foreign).find(|(at, _)| {
                    // The namespace of SVG is a name, not a place.
                    !asset.text[*at..].starts_with("http://www.w3.org/2000/svg")
                });
                assert!(found.is_none(), "`{}` has {foreign}", asset.path);
            }
        }
    }
}
