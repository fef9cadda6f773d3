//! The arguments and the result of one call.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::failure::Failure;
use super::read::{Problem, read};
use super::write::written;

/// JSON-RPC's code for arguments that do not fit.
const INVALID_PARAMS: i64 = -32602;

/// Who calls: for a method that takes it as its first parameter. Clients do not see that parameter.
///
/// All of it comes from the request. Behind Genezio's gateway or a function URL `request_context` is the platform's
/// word; the headers are whatever the client sent, and so is the token.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct GnzContext {
    /// The headers of the request, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What the platform says about the request, or `null` where there is no platform.
    pub request_context: Value,
    /// The token that Genezio's SDK keeps, if it has one. Nobody has checked it.
    pub token: Option<String>,
}

/// The arguments of a call.
#[derive(Debug)]
pub struct Params {
    class: &'static str,
    method: &'static str,
    rest: std::vec::IntoIter<Value>,
    context: GnzContext,
}

impl Params {
    pub(super) fn new(arguments: Vec<Value>, context: GnzContext) -> Self {
        Self { class: "", method: "", rest: arguments.into_iter(), context }
    }

    /// The same, for errors to name the method.
    #[must_use]
    pub fn of(self, class: &'static str, method: &'static str) -> Self {
        Self { class, method, ..self }
    }

    /// Who calls. Genezio's SDK sends what it knows itself in place of the first argument.
    pub fn context(&mut self) -> GnzContext {
        let mut context = std::mem::take(&mut self.context);
        let sent = self.rest.as_slice().first().and_then(Value::as_object);
        if let Some(sent) = sent.filter(|sent| sent.get("isGnzContext") == Some(&Value::Bool(true))) {
            context.token = sent.get("token").and_then(Value::as_str).map(str::to_owned);
            self.rest.next();
        }
        context
    }

    /// The next argument; one that is missing is `null`.
    ///
    /// # Errors
    /// When it is not of this type.
    pub fn next<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Failure> {
        read(self.rest.next().unwrap_or_default()).map_err(|problem| {
            let place = problem.place(name);
            Failure::new(format!("`{place}` of `{}.{}`: {problem}", self.class, self.method))
                .with_code(INVALID_PARAMS)
        })
    }
}

/// The result of a call, as JSON.
///
/// # Errors
/// When JSON cannot hold it.
pub fn reply<T: Serialize>(class: &str, method: &str, value: &T) -> Result<Value, Failure> {
    written(value).map_err(|problem: Problem| {
        Failure::new(format!("`{}` of `{class}.{method}`: {problem}", problem.place("result")))
    })
}

/// A request in JSON-RPC.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) params: Vec<Value>,
    pub(super) id: Value,
}

/// What Genezio's handler says to a call that it cannot make sense of.
pub(super) fn refusal(message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "error": { "code": -1, "message": message }, "id": 0 })
}

impl Call {
    /// Reads a body; `None` when it is none of JSON-RPC's, which makes it a call of an HTTP method.
    pub(super) fn read(body: &[u8]) -> Option<Result<Self, Value>> {
        let mut body: Value = serde_json::from_slice(body).ok()?;
        if body.get("jsonrpc") != Some(&Value::from("2.0")) {
            return None;
        }
        let (params, id) = (body["params"].take(), body["id"].take());
        let is_integer = id.is_i64() || id.is_u64() || id.as_f64().is_some_and(|id| id.fract() == 0.0);
        // In the order, and with the idea of truth, of the handler that is in JavaScript.
        let is_missing = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if is_missing(&body["method"]) || is_missing(&params) || !is_integer {
            return Some(Err(refusal("Invalid JSON-RPC request")));
        }
        Some(match (&body["method"], params) {
            (Value::String(method), Value::Array(params)) => {
                // Of `Class.method.more` the second is the method; of `method` there is none.
                let method = method.split('.').nth(1).unwrap_or_default().to_owned();
                Ok(Self { method, params, id })
            }
            (Value::String(_), _) => Err(refusal("Invalid JSON-RPC request")),
            _ => Err(refusal("Invalid Genezio JSON-RPC request")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_call_is_told_from_what_is_a_bad_one() {
        let read = |body: &str| Call::read(body.as_bytes());
        for body in ["", "x", "null", "[]", "{}", r#"{"jsonrpc":"1.0"}"#] {
            assert_eq!(read(body), None, "{body}");
        }
        for body in [
            r#"{"jsonrpc":"2.0"}"#,
            r#"{"jsonrpc":"2.0","method":"A.b","id":1}"#,
            r#"{"jsonrpc":"2.0","method":"A.b","params":[],"id":1.5}"#,
            r#"{"jsonrpc":"2.0","method":"A.b","params":[],"id":"1"}"#,
        ] {
            assert_eq!(read(body), Some(Err(refusal("Invalid JSON-RPC request"))), "{body}");
        }
        let body = r#"{"jsonrpc":"2.0","method":7,"params":[],"id":1}"#;
        assert_eq!(read(body), Some(Err(refusal("Invalid Genezio JSON-RPC request"))));
        let body = r#"{"jsonrpc":"2.0","method":"A.b","params":[1],"id":3}"#;
        let call = Call { method: "b".into(), params: vec![1.into()], id: 3.into() };
        assert_eq!(read(body), Some(Ok(call)));
    }

    #[test]
    fn the_token_of_genezios_sdk_comes_before_the_arguments() {
        let sent = json!({ "isGnzContext": true, "token": "t", "headers": { "forged": "1" } });
        let mut params = Params::new(vec![sent, 5.into()], GnzContext::default());
        assert_eq!(params.context(), GnzContext { token: Some("t".into()), ..GnzContext::default() });
        assert_eq!(params.next::<u8>("count"), Ok(5));
        assert_eq!(params.next::<Option<u8>>("missing"), Ok(None));
        let mut params = Params::new(vec![json!({ "a": [1] })], GnzContext::default()).of("A", "b");
        let failure = params.next::<BTreeMap<String, Vec<bool>>>("flags").expect_err("a number");
        assert_eq!(failure.message(), "`flags.a[0]` of `A.b`: invalid type: integer `1`, expected a boolean");
    }
}
