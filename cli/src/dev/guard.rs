//! Who may talk to the server: browsers of this machine that were asked for it by name, and nobody who got here
//! through another site.
//!
//! A page anywhere can send requests to a loopback address, and with a name of its own that resolves to it (DNS
//! rebinding) it can even read the answers. So every request must name the server by a name that is only ever this
//! machine's, and what drives the page must come from the page.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, Method, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The name and port that the request was made to, when it is one of ours or one that was allowed.
///
/// # Errors
/// The name it was made to instead.
pub(super) fn host<'a>(request: &'a Request, allowed: &[String]) -> Result<&'a str, String> {
    let mut given = request.headers().get_all(header::HOST).iter();
    let (first, second) = (given.next(), given.next());
    let host = match (first.map(|host| host.to_str()), second) {
        (Some(Ok(host)), None) => host,
        (None, None) => return Err("nothing".into()),
        _ => return Err("something else".into()),
    };
    // A request line may name a host too.
    let in_line = request.uri().authority().map(|authority| authority.as_str());
    for host in std::iter::once(host).chain(in_line) {
        let name = name_of(host);
        if !is_local(&name) && !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&name)) {
            return Err(name.chars().filter(|c| !c.is_control()).take(200).collect());
        }
    }
    Ok(host)
}

/// Without port, brackets and the dot that a full name may end with.
fn name_of(host: &str) -> String {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// True for names that no other machine can have.
fn is_local(name: &str) -> bool {
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// True unless a browser says that another site asked. Programs that are no browsers say nothing of the kind.
pub(super) fn is_from_here(headers: &HeaderMap, host: &str) -> bool {
    let origins: Vec<_> = headers.get_all(header::ORIGIN).iter().collect();
    let origin = match origins[..] {
        [] => true,
        // A tunnel to an allowed name may speak TLS outside; on one port there is only one server.
        [origin] => origin.to_str().is_ok_and(|origin| {
            ["http", "https"].iter().any(|scheme| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")))
        }),
        _ => false,
    };
    let site = headers.get_all(FETCH_SITE).iter().all(|site| site == "same-origin" || site == "none");
    origin && site
}

/// True for a browser that opens a page, which a link from anywhere may make it do: it shows the page to a person,
/// and nothing to the site it came from.
pub(super) fn is_visit(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::GET && headers.get(FETCH_MODE).is_some_and(|mode| mode == "navigate")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request {
        let builder =
            headers.iter().fold(Request::builder().uri(uri), |b, (name, value)| b.header(*name, *value));
        builder.body(Body::empty()).expect("a request")
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let allowed = ["dev.example".to_owned()];
        for host_name in [
            "127.0.0.1:3000",
            "localhost",
            "LOCALHOST:1",
            "localhost.:1",
            "app.localhost:3000",
            "[::1]:3000",
            "127.1.2.3",
            "dev.example:3000",
            "DEV.example",
        ] {
            let request = request("/", &[("host", host_name)]);
            assert_eq!(host(&request, &allowed), Ok(host_name), "{host_name}");
        }
        for host_name in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:3000",
            "notlocalhost",
            "0.0.0.0:3000",
            "192.168.0.1",
            "[::]:3000",
            "",
            ":3000",
            "evil.dev.example",
            "localhost@evil.example",
        ] {
            assert!(host(&request("/", &[("host", host_name)]), &allowed).is_err(), "{host_name}");
        }
        assert!(host(&request("/", &[]), &allowed).is_err(), "no name at all");
        assert!(host(&request("/", &[("host", "localhost"), ("host", "evil.example")]), &allowed).is_err());
        assert!(host(&request("http://evil.example/", &[("host", "localhost")]), &allowed).is_err());
    }

    #[test]
    fn another_site_is_known_by_what_its_browser_says() {
        let is_ours =
            |headers: &[(&str, &str)]| is_from_here(request("/", headers).headers(), "localhost:3000");
        assert!(is_ours(&[]));
        assert!(is_ours(&[("origin", "http://localhost:3000"), ("sec-fetch-site", "same-origin")]));
        assert!(is_ours(&[("sec-fetch-site", "none")]));
        assert!(is_ours(&[("origin", "https://localhost:3000")]));
        for headers in [
            &[("origin", "http://evil.example")][..],
            &[("origin", "http://localhost:3001")],
            &[("origin", "ftp://localhost:3000")],
            &[("origin", "null")],
            &[("origin", "http://127.0.0.1:3000")],
            &[("origin", "http://localhost:3000"), ("origin", "http://evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(!is_ours(headers), "{headers:?}");
        }
    }

    #[test]
    fn a_visit_is_a_get_that_navigates() {
        let visit = request("/", &[("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")]);
        assert!(is_visit(&Method::GET, visit.headers()));
        assert!(!is_visit(&Method::POST, visit.headers()));
        assert!(!is_visit(&Method::GET, request("/", &[("sec-fetch-mode", "cors")]).headers()));
    }
}
