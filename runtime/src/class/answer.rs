//! Requests to a class, as Genezio's own handler for AWS Lambda answers them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Full, Limited};
use lambda_http::request::RequestContext;
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, GnzContext, Params, refusal};
use super::failure::Failure;
use crate::stderr::say;

/// What an HTTP method is called with: the whole request, its body read.
pub type HttpRequest = axum::http::Request<Bytes>;

/// What an HTTP method answers; anything that axum makes a response of will do as well.
pub type HttpResponse = Response;

/// A call under way.
pub type Future<T> = Pin<Box<dyn std::future::Future<Output = Result<T, Failure>> + Send>>;

/// What `#[trap_runtime::class]` implements. Each function returns `None` for a method that is not there.
pub trait Class: Send + Sync + 'static {
    /// The description, as it stands in the program.
    fn description() -> &'static [u8];
    /// A call by JSON-RPC.
    fn rpc(self: &Arc<Self>, method: &str, params: Params) -> Option<Future<Value>>;
    /// A call by HTTP.
    fn http(self: &Arc<Self>, method: &str, request: HttpRequest) -> Option<Future<HttpResponse>>;
    /// A call by the clock.
    fn cron(self: &Arc<Self>, method: &str) -> Option<Future<()>>;
}

/// The response of an HTTP method.
pub fn http(response: impl IntoResponse) -> HttpResponse {
    response.into_response()
}

/// A router that answers the calls of a class, with the class as the state that they share.
///
/// It answers whatever has no route, so routes of your own beside it come first:
///
/// ```
/// # struct Orders;
/// # #[trap_runtime::class]
/// # impl Orders { async fn total(&self) -> u32 { 0 } }
/// # fn main() {
/// use trap_runtime::axum::routing::get;
///
/// let router = trap_runtime::class::router(Orders).route("/health", get(|| async { "fine" }));
/// # let _ = router;
/// # }
/// ```
pub fn router<C: Class>(class: C) -> Router {
    super::description::keep(C::description());
    let class = Arc::new(class);
    Router::new().fallback(move |request| answer(Arc::clone(&class), request))
}

async fn answer<C: Class>(class: Arc<C>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return http_failure(&Failure::new(format!("the body could not be read: {error}"))),
    };
    let context = head.extensions.get::<RequestContext>();
    if let Some(RequestContext::PassThrough) = context {
        return event(&class, &body).await;
    }
    if head.method == Method::OPTIONS {
        return ours(StatusCode::OK, Body::empty());
    }
    match Call::read(&body) {
        Some(Ok(call)) => {
            let request_context = context.and_then(|context| serde_json::to_value(context).ok());
            let caller = GnzContext {
                headers: headers(&head.headers),
                request_context: request_context.unwrap_or_default(),
                token: None,
            };
            rpc(&class, call, caller).await
        }
        Some(Err(refusal)) => json_response(StatusCode::BAD_REQUEST, &refusal),
        None => {
            let method = head.uri.path().split('/').nth(2).unwrap_or_default().to_owned();
            match class.http(&method, HttpRequest::from_parts(head, body)) {
                None => {
                    let body = json!({ "error": "Method not found" });
                    let mut response = json_response(StatusCode::NOT_FOUND, &body);
                    if !method.is_empty() {
                        // Genezio's word for the same.
                        let text = HeaderValue::from_static("text/json");
                        response.headers_mut().insert(header::CONTENT_TYPE, text);
                    }
                    response
                }
                Some(call) => caught(&method, call).await.unwrap_or_else(|failure| http_failure(&failure)),
            }
        }
    }
}

async fn rpc<C: Class>(class: &Arc<C>, Call { method, params, id }: Call, caller: GnzContext) -> Response {
    // What Genezio's own cloud calls a method with when its time has come.
    let is_cron = caller.headers.get("genezio-event").is_some_and(|event| event == "cron");
    let call = match is_cron.then(|| class.cron(&method)).flatten() {
        Some(call) => Some(Box::pin(async { call.await.map(|()| Value::Null) }) as Future<Value>),
        None => class.rpc(&method, Params::new(params, caller)),
    };
    let Some(call) = call else {
        return json_response(StatusCode::BAD_REQUEST, &refusal("Method not found!"));
    };
    match caught(&method, call).await {
        Ok(result) => {
            let reply = json!({ "jsonrpc": "2.0", "result": result, "error": null, "id": id });
            json_response(StatusCode::OK, &reply)
        }
        Err(failure) => {
            let reply = json!({ "jsonrpc": "2.0", "error": failure, "id": id });
            json_response(StatusCode::BAD_REQUEST, &reply)
        }
    }
}

/// An event that is no request. Of those a class knows Genezio's clock alone.
async fn event<C: Class>(class: &Arc<C>, event: &[u8]) -> Response {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Cron {
        genezio_event_type: String,
        method_name: String,
    }
    let cron = serde_json::from_slice::<Cron>(event).ok();
    let Some(cron) = cron.filter(|cron| cron.genezio_event_type == "cron") else {
        return failed("the event is neither a request nor one of Genezio's clock".to_owned());
    };
    // As Genezio's handler does: an error is told to the log, where a failed event would be sent again.
    match class.cron(&cron.method_name) {
        None => say(format_args!("there is no cron method `{}`", cron.method_name)),
        Some(call) => {
            if let Err(failure) = caught(&cron.method_name, call).await {
                say(format_args!("the cron method `{}` failed: {}", cron.method_name, failure.message()));
            }
        }
    }
    "null".into_response()
}

/// A response that makes the event an error: only one that cannot be sent does.
fn failed(message: String) -> Response {
    let breaks = Limited::new(Full::from("not sent"), 0).map_err(move |_| message.clone());
    Response::new(Body::new(breaks))
}

/// Awaits a call whose panic is its error.
async fn caught<T>(method: &str, mut call: Future<T>) -> Result<T, Failure> {
    // A call that panicked is dropped; what it shares with others is behind `&self` and guards itself.
    let polled = std::future::poll_fn(move |context| {
        match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
            Err(_) => Poll::Ready(None),
        }
    });
    polled.await.unwrap_or_else(|| Err(Failure::new(format!("`{method}` panicked; its log says why"))))
}

fn headers(headers: &HeaderMap) -> std::collections::BTreeMap<String, String> {
    let mut joined = std::collections::BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        joined
            .entry(name.as_str().to_owned())
            .and_modify(|all| {
                all.push_str(", ");
                all.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    joined
}

fn http_failure(failure: &Failure) -> Response {
    json_response(StatusCode::BAD_REQUEST, &json!({ "error": failure.message() }))
}

fn json_response(status: StatusCode, value: &Value) -> Response {
    ours(status, Body::from(value.to_string()))
}

fn ours(status: StatusCode, body: Body) -> Response {
    let headers = [(header::CONTENT_TYPE.as_str(), "application/json"), ("x-powered-by", "genezio")];
    (status, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use lambda_http::tower::ServiceExt;
    use serde::{Deserialize, Serialize};

    use super::super::Typed;
    use super::*;

    #[derive(Default)]
    struct Shop {
        calls: AtomicU32,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize, Typed)]
    #[serde(rename_all = "camelCase")]
    struct Line {
        /// In the "smallest" unit.
        unit_price: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    #[derive(Serialize, Deserialize, Typed)]
    struct Page<T> {
        items: Vec<T>,
        next: Option<Box<Page<T>>>,
    }

    /// What is sold.
    #[trap_runtime::class]
    impl Shop {
        fn unseen() -> Self {
            Self::default()
        }

        /// Counts its calls.
        fn count(&self) -> u32 {
            self.calls.fetch_add(1, Ordering::Relaxed) + 1
        }

        async fn lines(&self, lines: Vec<Line>, limit: Option<u32>) -> Result<Page<Line>, Failure> {
            tokio::task::yield_now().await;
            if limit == Some(0) {
                return Err(Failure::new("nothing to show").with_code(7).with_info(json!({ "limit": 0 })));
            }
            Ok(Page { items: lines, next: None })
        }

        async fn half(&self, number: f64) -> Result<f64, std::fmt::Error> {
            if number == 0.0 { Err(std::fmt::Error) } else { Ok(number / 0.0 * 0.0) }
        }

        async fn who(&self, context: GnzContext, name: String) -> (String, Option<String>, bool) {
            let agent = context.headers.get("user-agent").cloned().unwrap_or_default();
            (format!("{name} by {agent}"), context.token, context.request_context.is_null())
        }

        async fn breaks(&self) {
            panic!("as it should");
        }

        #[method(http)]
        async fn webhook(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
            match request.body().as_ref() {
                b"bad" => Err(Failure::new("no such thing")),
                body => {
                    Ok((StatusCode::CREATED, [("x-path", request.uri().path().to_owned())], body.to_vec())
                        .into_response())
                }
            }
        }

        #[method(cron = "0 4 * * *")]
        async fn nightly(&self) -> Result<(), Failure> {
            match self.count() {
                1 => Ok(()),
                _ => Err(Failure::new("one night is enough")),
            }
        }

        #[method(skip)]
        fn inner(&self) {}
    }

    async fn ask(router: &Router, request: Request) -> (u16, HeaderMap, String) {
        let (head, body) = router.clone().oneshot(request).await.expect("a router answers").into_parts();
        let body = match body.collect().await {
            Ok(body) => String::from_utf8(body.to_bytes().to_vec()).expect("it is text"),
            Err(error) => format!("failed: {error}"),
        };
        (head.status.as_u16(), head.headers, body)
    }

    async fn call(router: &Router, method: &str, params: Value) -> (u16, Value) {
        let body = json!({ "jsonrpc": "2.0", "method": method, "params": params, "id": 3 });
        let request = Request::post("/").header("user-agent", "us").body(body.to_string().into());
        let (status, headers, body) = ask(router, request.expect("a request")).await;
        assert_eq!(headers["x-powered-by"], "genezio");
        assert_eq!(headers["content-type"], "application/json");
        (status, serde_json::from_str(&body).expect("a reply is JSON"))
    }

    fn error(value: Value) -> Value {
        json!({ "jsonrpc": "2.0", "error": value, "id": 3 })
    }

    #[tokio::test]
    async fn calls_share_the_class_and_an_error_is_that_of_its_call() {
        let shop = Shop::unseen();
        shop.inner();
        let router = router(shop);
        for count in 1..3 {
            let reply = json!({ "jsonrpc": "2.0", "result": count, "error": null, "id": 3 });
            assert_eq!(call(&router, "Shop.count", json!([])).await, (200, reply));
            let panicked = json!({ "message": "`breaks` panicked; its log says why" });
            assert_eq!(call(&router, "Shop.breaks", json!([])).await, (400, error(panicked)));
        }
        for method in ["count", "Shop.unseen", "Shop.inner", "Shop.nightly", "Shop.webhook", "Shop."] {
            let reply =
                json!({ "jsonrpc": "2.0", "error": { "code": -1, "message": "Method not found!" }, "id": 0 });
            assert_eq!(call(&router, method, json!([])).await, (400, reply), "{method}");
        }
    }

    #[tokio::test]
    async fn types_go_both_ways_and_what_does_not_fit_is_named() {
        let router = router(Shop::default());
        let lines = json!([{ "unitPrice": { "$bigint": "18446744073709551615" }, "note": "é\u{0}" }]);
        let page = json!({ "items": lines, "next": null });
        let reply = json!({ "jsonrpc": "2.0", "result": page, "error": null, "id": 3 });
        assert_eq!(call(&router, "Shop.lines", json!([lines])).await, (200, reply));
        let failure = json!({ "message": "nothing to show", "code": 7, "info": { "limit": 0 } });
        assert_eq!(call(&router, "Shop.lines", json!([[], 0])).await, (400, error(failure)));
        let message = "`lines[0].unitPrice` of `Shop.lines`: invalid value: integer `-1`, expected u64";
        let wrong = json!([[{ "unitPrice": -1 }]]);
        let failure = json!({ "message": message, "code": -32602 });
        assert_eq!(call(&router, "Shop.lines", wrong).await, (400, error(failure)));
        let message = "`result` of `Shop.half`: it is NaN, which JSON has no form for";
        let failure = json!({ "message": message });
        assert_eq!(call(&router, "Shop.half", json!([1])).await, (400, error(failure)));
        let failure = json!({ "message": std::fmt::Error.to_string() });
        assert_eq!(call(&router, "Shop.half", json!([0])).await, (400, error(failure)));
    }

    #[tokio::test]
    async fn the_caller_is_told_of_by_the_request_alone() {
        let router = router(Shop::default());
        let sdk = json!({ "isGnzContext": true, "token": "t", "headers": { "user-agent": "forged" } });
        for (params, token) in [(json!([sdk, "a"]), json!("t")), (json!(["a"]), Value::Null)] {
            let (status, reply) = call(&router, "Shop.who", params).await;
            assert_eq!((status, &reply["result"]), (200, &json!(["a by us", token, true])));
        }
    }

    #[tokio::test]
    async fn http_methods_lie_below_the_class_and_routes_beside_it() {
        use axum::routing::get;
        let router = router(Shop::default()).route("/health", get(|| async { "fine" }));
        let request = |method: &str, path: &str, body: &'static str| {
            Request::builder().method(method).uri(path).body(Body::from(body)).expect("a request")
        };
        let (status, headers, body) = ask(&router, request("PUT", "/Shop/webhook/more?x=1", "{}")).await;
        assert_eq!(
            (status, body.as_str(), &headers["x-path"]),
            (201, "{}", &"/Shop/webhook/more".parse().expect("it is one"))
        );
        let (status, _, body) = ask(&router, request("POST", "/Shop/webhook", "bad")).await;
        assert_eq!((status, body.as_str()), (400, r#"{"error":"no such thing"}"#));
        for path in ["/", "/Shop", "/Shop/count", "/Shop/nightly", "/Shop/none"] {
            let (status, _, body) = ask(&router, request("GET", path, "")).await;
            assert_eq!((status, body.as_str()), (404, r#"{"error":"Method not found"}"#), "{path}");
        }
        let (status, headers, body) = ask(&router, request("OPTIONS", "/Shop/webhook", "")).await;
        assert_eq!(
            (status, body.as_str(), &headers["x-powered-by"]),
            (200, "", &"genezio".parse().expect("it is one"))
        );
        assert_eq!(ask(&router, request("GET", "/health", "")).await.2, "fine");
    }

    #[tokio::test]
    async fn the_clock_comes_as_an_event_or_as_a_marked_call() {
        let router = router(Shop::default());
        let event = |event: Value| {
            let request = Request::post("/events").extension(RequestContext::PassThrough);
            request.body(Body::from(event.to_string())).expect("a request")
        };
        let cron = json!({ "genezioEventType": "cron", "methodName": "nightly", "cronString": "0 4 * * *" });
        assert_eq!(ask(&router, event(cron)).await.2, "null");
        // An error is told to the log: of a failed event there would be a second try.
        for method in ["nightly", "count"] {
            let cron = json!({ "genezioEventType": "cron", "methodName": method });
            assert_eq!(ask(&router, event(cron)).await.2, "null");
        }
        assert_eq!(call(&router, "Shop.count", json!([])).await.1["result"], 3);
        let other = ask(&router, event(json!({ "Records": [] }))).await.2;
        assert_eq!(other, "failed: the event is neither a request nor one of Genezio's clock");
        let body = json!({ "jsonrpc": "2.0", "method": "Shop.nightly", "params": [], "id": 1 });
        let request = Request::post("/").header("genezio-event", "cron").body(body.to_string().into());
        assert_eq!(ask(&router, request.expect("a request")).await.0, 400);
    }

    #[test]
    fn the_description_says_every_method_and_type() {
        let text = std::str::from_utf8(Shop::description()).expect("it is text");
        let (_, json) = text.rsplit_once("\n{").expect("it has a head");
        let description: Value = serde_json::from_str(&format!("{{{json}")).expect("it is JSON");
        assert_eq!((&description["class"], &description["doc"]), (&json!("Shop"), &json!("What is sold.")));
        let names: Vec<_> =
            description["methods"].as_array().expect("a list").iter().map(|method| &method["name"]).collect();
        assert_eq!(names, ["count", "lines", "half", "who", "breaks", "webhook", "nightly"]);
        let lines = &description["methods"][1];
        let line = &lines["params"][0]["type"]["array"];
        assert_eq!(
            line["is"]["struct"][0],
            json!({ "name": "unitPrice", "doc": "In the \"smallest\" unit.", "type": "bigint" })
        );
        assert_eq!(line["is"]["struct"][1]["optional"], true);
        assert_eq!(lines["returns"]["args"], json!([line]));
        assert_eq!(lines["returns"]["is"]["struct"][1]["type"], json!({ "option": { "self": "Page" } }));
        assert_eq!(description["methods"][6]["cron"], "0 4 * * *");
    }
}
