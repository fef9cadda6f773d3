//! A server that speaks the two calls of Lambda's API that a deployment makes, and writes down every call there is.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::Result;
use serde_json::{Value, json};

/// A function as Lambda describes it; everything of it comes back in answers.
pub fn function(arch: &str) -> Value {
    json!({
        "FunctionName": "app",
        "FunctionArn": "arn:aws:lambda:eu-central-1:123456789012:function:app",
        "Runtime": "nodejs22.x",
        "Handler": "index.handler",
        "Architectures": [arch],
        "MemorySize": 512,
        "Timeout": 7,
        "Environment": { "Variables": { "KEEP": "me" } },
        "PackageType": "Zip",
        "Version": "$LATEST",
    })
}

/// What the endpoint answers and what it was asked.
#[derive(Default)]
struct Account {
    function: Option<Value>,
    /// Refuses this with that error of AWS's.
    refuses: Option<(Method, StatusCode, &'static str)>,
    calls: Vec<String>,
    uploads: Vec<Vec<u8>>,
}

/// The running server.
pub struct Endpoint {
    pub url: String,
    account: Arc<Mutex<Account>>,
    // Its end is the server's.
    _runtime: tokio::runtime::Runtime,
}

impl Endpoint {
    pub fn start(function: Option<Value>) -> Result<Self> {
        let account = Arc::new(Mutex::new(Account { function, ..Account::default() }));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
            .map_err(|error| format!("listening: {error}"))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/configuration", get(configuration))
            .route("/2015-03-31/functions/{name}/code", put(code))
            .fallback(unknown)
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(Arc::clone(&account));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url: format!("http://{address}"), account, _runtime: runtime })
    }

    pub fn refuse(&self, method: Method, status: StatusCode, error: &'static str) {
        self.account.lock().unwrap().refuses = Some((method, status, error));
    }

    /// Method and path of every call.
    pub fn calls(&self) -> Vec<String> {
        self.account.lock().unwrap().calls.clone()
    }

    /// The code that was uploaded, as a zip.
    pub fn uploads(&self) -> Vec<Vec<u8>> {
        self.account.lock().unwrap().uploads.clone()
    }

    /// What is deployed now.
    pub fn function(&self) -> Option<Value> {
        self.account.lock().unwrap().function.clone()
    }
}

type Shared = State<Arc<Mutex<Account>>>;

async fn configuration(State(account): Shared, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let mut account = account.lock().unwrap();
    account.calls.push(format!("GET {name} configuration"));
    answer(&account, &Method::GET, &name, &headers, |function| function.clone())
}

async fn code(State(account): Shared, Path(name): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let mut account = account.lock().unwrap();
    account.calls.push(format!("PUT {name} code"));
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    // Of all that the call may carry, code alone is expected here.
    let only_code = request.as_object().is_some_and(|fields| fields.keys().all(|key| key == "ZipFile"));
    let Some(zip) =
        request["ZipFile"].as_str().filter(|_| only_code).and_then(|text| STANDARD.decode(text).ok())
    else {
        return error(StatusCode::BAD_REQUEST, "InvalidParameterValueException", "more or less than code");
    };
    let response = answer(&account, &Method::PUT, &name, &headers, |function| {
        let mut function = function.clone();
        function["CodeSize"] = zip.len().into();
        function["CodeSha256"] = sha256(&zip).into();
        function
    });
    if response.status().is_success() {
        account.uploads.push(zip);
    }
    response
}

async fn unknown(State(account): Shared, method: Method, uri: Uri) -> Response {
    account.lock().unwrap().calls.push(format!("{method} {uri}"));
    error(StatusCode::FORBIDDEN, "AccessDeniedException", "a deployment has no business here")
}

fn answer(
    account: &Account,
    method: &Method,
    name: &str,
    headers: &HeaderMap,
    describe: impl FnOnce(&Value) -> Value,
) -> Response {
    let signed = headers.get("authorization").and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=")) {
        return error(StatusCode::FORBIDDEN, "MissingAuthenticationTokenException", "it is not signed");
    }
    if let Some((_, status, code)) = account.refuses.as_ref().filter(|(refused, ..)| refused == method) {
        return error(*status, code, "as the test wants it");
    }
    match account.function.as_ref().filter(|function| function["FunctionName"] == name) {
        Some(function) => json_answer(StatusCode::OK, &describe(function)),
        None => error(StatusCode::NOT_FOUND, "ResourceNotFoundException", "Function not found"),
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let mut response = json_answer(status, &json!({ "Type": "User", "Message": message }));
    if let Ok(code) = code.parse() {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

/// As Lambda writes the hash of code.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    STANDARD.encode(Sha256::digest(bytes))
}
