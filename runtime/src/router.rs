//! One Lambda event through an axum router.

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, header::SET_COOKIE},
    response::Response,
};
use http_body_util::{BodyExt, Full};
use lambda_http::{Error as BoxError, Request, service_fn, tower::ServiceExt};

use crate::{Error, lambda, parent::Parent, signals::Signals};

/// Polls for events and answers them through the router.
pub(crate) async fn poll(router: Router, signals: Signals, parent: Parent) -> Result<(), Error> {
    let handler = service_fn(move |request: Request| answer(router.clone(), request));
    lambda::poll(|| lambda_http::runtime(handler), signals, parent).await
}

/// One request through the router. The body is read here, because lambda_http would panic on one that
/// breaks off, where this becomes the event's error.
async fn answer(router: Router, request: Request) -> Result<Response<Full<axum::body::Bytes>>, BoxError> {
    let (mut head, body) = router.oneshot(request).await?.into_parts();
    join_repeated(&mut head.headers);
    let bytes = body.collect().await?.to_bytes();
    Ok(Response::from_parts(head, Full::new(bytes)))
}

/// Joins the values of a repeated header as HTTP allows: of several, lambda_http would send the first alone. Cookies
/// cannot be joined, and it sends each.
fn join_repeated(headers: &mut HeaderMap) {
    let repeated: Vec<HeaderName> = headers
        .keys()
        .filter(|name| *name != SET_COOKIE && headers.get_all(*name).iter().nth(1).is_some())
        .cloned()
        .collect();
    for name in repeated {
        let values: Vec<&[u8]> = headers.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
        // Values that HTTP allows stay allowed with a comma between them.
        if let Ok(joined) = HeaderValue::from_bytes(&values.join(&b", "[..])) {
            headers.insert(name, joined);
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::Limited;

    use super::*;

    #[test]
    fn repeated_headers_are_one_but_for_cookies() {
        let given = [("a", "1"), ("set-cookie", "x"), ("a", "2"), ("set-cookie", "y"), ("b", "3")];
        let pair = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        let mut headers = HeaderMap::new();
        for (name, value) in given.map(pair) {
            headers.append(name, value);
        }
        join_repeated(&mut headers);
        let mut all: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        all.sort_unstable();
        let expected: [(&str, &[u8]); 4] =
            [("a", b"1, 2"), ("b", b"3"), ("set-cookie", b"x"), ("set-cookie", b"y")];
        assert_eq!(all, expected);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_error_of_its_event() {
        let breaks_off = || async { Body::new(Limited::new(Full::from("longer than that"), 3)) };
        let answered = answer(Router::new().fallback(breaks_off), Request::default()).await;
        assert_eq!(
            answered.map_err(|error| error.to_string()).err().as_deref(),
            Some("length limit exceeded")
        );
    }
}
