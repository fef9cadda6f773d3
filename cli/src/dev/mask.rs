//! Hides what nobody should read over a shoulder: credentials in headers, cookies, and values whose name says that
//! they are secret. What is hidden is replaced by a numbered mark, so that an event can be edited and sent again
//! without ever having been shown.

use serde_json::Value;

/// Parts of names, in lower case and without `-` and `_`, whose values are secret.
const SECRET: [&str; 13] = [
    "authorization",
    "cookie",
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "session",
    "signature",
    "receipthandle",
];

/// True when what has this name is not for everybody's eyes.
pub(super) fn is_secret(name: &str) -> bool {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    SECRET.iter().any(|secret| name.contains(secret))
}

/// An event or an answer whose secrets were replaced by marks.
#[derive(Debug, PartialEq)]
pub(super) struct Masked {
    /// What can be shown.
    pub(super) value: Value,
    /// What was hidden; the first has the mark of number 1.
    secrets: Vec<String>,
}

/// What stands for a secret.
fn mark(number: usize) -> String {
    format!("«secret {number}»")
}

impl Masked {
    /// Hides what is secret.
    pub(super) fn new(mut value: Value) -> Self {
        let mut secrets = Vec::new();
        hide(&mut value, false, &mut secrets);
        Self { value, secrets }
    }

    /// How much is hidden.
    pub(super) fn count(&self) -> usize {
        self.secrets.len()
    }

    /// Puts the secrets back into a text in which their marks stand; JSON, or a single value.
    pub(super) fn restore(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.restored(text),
            Value::Array(list) => list.iter_mut().for_each(|item| self.restore(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.restore(item)),
            _ => {}
        }
    }

    fn restored(&self, text: &str) -> String {
        let marks = self.secrets.iter().enumerate();
        marks.fold(text.to_owned(), |text, (index, secret)| {
            // A secret that itself looks like a mark is no place for another one: later marks are higher.
            if text.contains('«') { text.replace(&mark(index + 1), secret) } else { text }
        })
    }
}

fn hide(value: &mut Value, is_secret_here: bool, secrets: &mut Vec<String>) {
    match value {
        Value::String(text) if is_secret_here && !text.is_empty() => {
            secrets.push(std::mem::take(text));
            *text = mark(secrets.len());
        }
        Value::Array(list) => list.iter_mut().for_each(|item| hide(item, is_secret_here, secrets)),
        Value::Object(map) => {
            for (name, item) in map.iter_mut() {
                match item {
                    Value::String(text) if name.eq_ignore_ascii_case("rawQueryString") => {
                        hide_query(text, secrets);
                    }
                    item => hide(item, is_secret_here || is_secret(name), secrets),
                }
            }
        }
        _ => {}
    }
}

/// Hides values of a query string whose names are secret.
fn hide_query(query: &mut String, secrets: &mut Vec<String>) {
    *query = map_query(query, |value| {
        secrets.push(value.to_owned());
        mark(secrets.len())
    });
}

/// A query string that can be shown.
pub(super) fn query(query: &str) -> String {
    map_query(query, |_| "•••".to_owned())
}

fn map_query(query: &str, mut hidden: impl FnMut(&str) -> String) -> String {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_secret(name) && !value.is_empty() => format!("{name}={}", hidden(value)),
        _ => pair.to_owned(),
    };
    query.split('&').map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event() -> Value {
        json!({
            "rawQueryString": "a=1&token=t&b=",
            "cookies": ["session=s", "theme=dark"],
            "headers": { "Authorization": "Bearer b", "accept": "*/*", "X-Api-Key": "k", "x-empty-token": "" },
            "multiValueHeaders": { "cookie": ["c=1", "d=2"] },
            "queryStringParameters": { "a": "1", "token": "t" },
            "requestContext": { "authorizer": { "jwt": { "claims": {} } }, "requestId": "r" },
            "body": "{\"password\":\"as it is\"}",
        })
    }

    #[test]
    fn credentials_and_cookies_are_hidden_and_nothing_else() {
        let masked = Masked::new(event());
        let text = masked.value.to_string();
        for secret in ["Bearer b", "session=s", "theme=dark", "c=1", "d=2", "\"k\"", "token=t", "\"t\""] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        for open in ["*/*", "\"a\":\"1\"", "a=1", "\"requestId\":\"r\"", "as it is", "\"x-empty-token\":\"\""]
        {
            assert!(text.contains(open), "{open} not in {text}");
        }
        assert_eq!(masked.count(), 8);
    }

    #[test]
    fn what_was_hidden_comes_back_where_its_mark_stands() {
        let masked = Masked::new(event());
        let mut again = masked.value.clone();
        masked.restore(&mut again);
        assert_eq!(again, event());
        let mut edited = json!({ "text": format!("twice {} {}", mark(1), mark(1)), "unknown": mark(99) });
        masked.restore(&mut edited);
        assert!(!edited["text"].as_str().expect("text").contains('«'), "{edited}");
        assert_eq!(edited["unknown"], mark(99));
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "authorization",
            "Proxy-Authorization",
            "set-cookie",
            "X-Amz-Security-Token",
            "DB_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "api_key",
            "sessionId",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["accept", "host", "user-agent", "path", "key", "x-request-id", "author"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
