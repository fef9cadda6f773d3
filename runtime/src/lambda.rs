//! Polling a Lambda Runtime API and answering its events through the router.

use std::env;

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, header::SET_COOKIE},
    response::Response,
};
use http_body_util::{BodyExt, Full};
use lambda_http::{
    Error as BoxError, Request,
    lambda_runtime::layers::TracingLayer,
    service_fn,
    tower::{ServiceExt, layer::layer_fn},
};
use tokio::sync::watch;

use crate::{Error, parent::Parent, signals::Signals};

/// Polls until a signal, or until the parent process is gone.
pub(crate) async fn poll(router: Router, mut signals: Signals, parent: Parent) -> Result<(), Error> {
    check_variables()?;

    let (busy, mut idle) = watch::channel(false);
    let handler = service_fn(move |request: Request| answer(router.clone(), request));
    // Around everything that happens to one event, posting the answer included.
    let mark_busy = layer_fn(|service| {
        let busy = busy.clone();
        ServiceExt::map_future(service, move |answered| {
            let busy = busy.clone();
            async move {
                busy.send_replace(true);
                let posted = answered.await;
                busy.send_replace(false);
                posted
            }
        })
    });
    let polling = lambda_http::runtime(handler).layer(TracingLayer::new()).layer(mark_busy).run();

    let asked = async {
        signals.next().await;
        tokio::select! {
            // An error means that nothing can be in flight any more.
            _ = idle.wait_for(|busy| !busy) => {}
            () = signals.next() => {}
        }
    };
    tokio::select! {
        // In this order: whoever ends together with the Runtime API was not failed by it.
        biased;
        () = parent.gone() => Ok(()),
        () = asked => Ok(()),
        ended = polling => ended.map_err(Error::Poll),
    }
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

/// What lambda_http reads first and would panic about.
fn check_variables() -> Result<(), Error> {
    for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    {
        if env::var_os(name).is_none() {
            return Err(Error::Variable { name, problem: "missing" });
        }
    }
    let name = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    match env::var(name).is_ok_and(|value| value.parse::<i32>().is_ok()) {
        true => Ok(()),
        false => Err(Error::Variable { name, problem: "not a number" }),
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
