//! Who may ask, and what is shown.

use serde_json::{Value, json};

use crate::place::{Place, Reply, eventually, is_ready, request};

const SEND: &str = r#"{"kind":"event","event":"{}","base":null}"#;

#[test]
fn nobody_but_this_machine_and_its_page_drives_the_server() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&["--allow-host", "app.example"]);
    let port = server.address.rsplit(':').next().expect("a port").to_owned();
    let ask = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        request(&server.address, method, path, headers, body).status
    };
    let at = |name: &str| format!("{name}:{port}");

    // Names that only this machine has, and one that was allowed; no other, whatever is asked for (DNS rebinding).
    for name in ["127.0.0.1", "localhost", "sub.localhost", "[::1]", "app.example"] {
        for path in ["/", "/__trap", "/__trap/api/about"] {
            assert_eq!(ask("GET", path, &[("Host", &at(name))], ""), 200, "{name} {path}");
        }
    }
    for name in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0", "192.168.1.1"]
    {
        for path in [
            "/",
            "/__trap",
            "/__trap/page.css",
            "/__trap/api/about",
            "/__trap/api/live",
            "/2015-03-31/functions/function/invocations",
        ] {
            assert_eq!(ask("GET", path, &[("Host", &at(name))], ""), 403, "{name} {path}");
        }
        let refused = request(&server.address, "GET", "/", &[("Host", &at(name))], "");
        assert!(refused.body.contains("--allow-host"), "{refused:?}");
    }

    // Another site makes a browser ask: by a script, an image, a form.
    let json_kind = ("Content-Type", "application/json");
    let ours = format!("http://{}", server.address);
    for (headers, allowed) in [
        (vec![json_kind], true),
        (vec![json_kind, ("Origin", ours.as_str()), ("Sec-Fetch-Site", "same-origin")], true),
        (vec![json_kind, ("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")], false),
        (vec![json_kind, ("Origin", "http://evil.example")], false),
        (vec![json_kind, ("Origin", "null")], false),
        (vec![json_kind, ("Origin", "http://127.0.0.1:1")], false),
        (vec![json_kind, ("Sec-Fetch-Site", "cross-site")], false),
        (vec![("Content-Type", "text/plain"), ("Origin", ours.as_str())], false),
        (vec![("Content-Type", "application/x-www-form-urlencoded")], false),
        (vec![], false),
    ] {
        let status = ask("POST", "/__trap/api/send", &headers, SEND);
        assert_eq!(status == 202, allowed, "{headers:?}: {status}");
        let again = ask("POST", "/__trap/api/invocations/1/again", &headers, "{}");
        assert_eq!(again == 202, allowed, "{headers:?}: {again}");
    }
    for path in [
        "/__trap",
        "/__trap/main.js",
        "/__trap/api/about",
        "/__trap/api/live",
        "/__trap/api/environment?reveal",
        "/__trap/api/invocations/1",
    ] {
        assert_eq!(ask("GET", path, &[("Sec-Fetch-Site", "cross-site")], ""), 403, "{path}");
    }
    // A link from elsewhere opens the page, and only the page.
    let visit =
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
    assert_eq!(ask("GET", "/__trap", &visit, ""), 200);
    assert_eq!(ask("GET", "/__trap/api/about", &visit, ""), 403);
    assert_eq!(ask("GET", "/__trap/api/invocations/1/event", &visit, ""), 403);
    // Events are for tools of this machine.
    let invocations = "/2015-03-31/functions/function/invocations";
    assert_eq!(ask("POST", invocations, &[("Origin", "http://evil.example")], "{}"), 403);
    assert_eq!(ask("POST", invocations, &[], "{}"), 200);
    // Nothing is changed by a GET.
    for path in ["/__trap/api/send", "/__trap/api/invocations/1/again"] {
        assert_eq!(ask("GET", path, &[], ""), 405, "{path}");
    }
}

#[test]
fn the_page_lets_nothing_in_from_elsewhere() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&[]);
    for path in [
        "/__trap",
        "/__trap/main.js",
        "/__trap/page.css",
        "/__trap/api/about",
        "/__trap/api/nothing",
        "/__trap/../etc/passwd",
    ] {
        let reply = server.get(path);
        let head = reply.head.to_ascii_lowercase();
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cross-origin-resource-policy: same-origin",
            "cross-origin-opener-policy: same-origin",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{path}: {header} in {head}");
        }
        assert!(!head.contains("access-control-"), "{head}");
    }
    let page = server.get("/__trap").body;
    assert!(!page.contains("http://") && !page.contains("https://"), "nothing from elsewhere");
    // What the program answers is its own matter.
    assert!(!server.get("/").head.to_ascii_lowercase().contains("content-security-policy"));
}

#[test]
fn secrets_are_masked_until_asked_for_and_sent_without_being_shown() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&[]);
    let secrets =
        [("Authorization", "Bearer s3cr3t-b"), ("Cookie", "session=s3cr3t-c"), ("X-Api-Key", "s3cr3t-k")];
    assert_eq!(request(&server.address, "GET", "/?token=s3cr3t-q&page=2", &secrets, "").status, 200);
    let detail = || server.get("/__trap/api/invocations/1");
    let live = server.state().to_string();
    // What is told of a request may come after its answer.
    let told = server.until("the request is told", |line| line["reason"] == "trap-request").to_string();
    for text in [detail().body, live, server.said(), told] {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    let masked = detail().json();
    assert!(masked["event"]["hidden"].as_u64() >= Some(4), "{masked}");
    assert!(masked["answer"]["headers"].to_string().contains("•••"), "its cookie is one too: {masked}");
    let revealed = server.get("/__trap/api/invocations/1?reveal").body;
    for secret in ["s3cr3t-b", "s3cr3t-c", "s3cr3t-k", "s3cr3t-q", "id=7"] {
        assert!(revealed.contains(secret), "{secret} in {revealed}");
    }

    // Replayed, it is the same; edited, the marks are what they stand for.
    let event = |number: u64| {
        let text = server.get(&format!("/__trap/api/invocations/{number}/event")).body;
        serde_json::from_str::<Value>(&text).expect("an event")
    };
    let finished = |reply: Reply| {
        assert_eq!(reply.status, 202, "{reply:?}");
        let number = reply.json()["number"].as_u64().expect("a number");
        eventually("it is over", || {
            let state = server.state();
            let all = state["invocations"].as_array()?.clone();
            all.into_iter().find(|i| i["number"] == number && i["state"] == "done").map(|_| number)
        })
    };
    let again = finished(server.post("/__trap/api/invocations/1/again", &json!({})));
    assert_eq!(event(again), event(1));
    let shown = masked["event"]["text"].as_str().expect("text");
    let edited = shown.replace("\"page\": \"2\"", "\"page\": \"3\"");
    let sent =
        finished(server.post("/__trap/api/send", &json!({ "kind": "event", "event": edited, "base": 1 })));
    assert_eq!(event(sent)["headers"], event(1)["headers"]);
    assert_eq!(event(sent)["cookies"], json!(["session=s3cr3t-c"]));
    assert_eq!(event(sent)["queryStringParameters"]["page"], "3");
    let marked: Value = serde_json::from_str(shown).expect("JSON");
    let header = format!("authorization: {}", marked["headers"]["authorization"].as_str().expect("a mark"));
    let wanted = json!({ "kind": "http", "method": "POST", "path": "/new?x=1", "headers": [header, "a: b"], "body": "hi", "base": 1 });
    let sent = finished(server.post("/__trap/api/send", &wanted));
    assert_eq!(event(sent)["headers"]["authorization"], "Bearer s3cr3t-b");
    assert_eq!((&event(sent)["rawPath"], &event(sent)["body"]), (&json!("/new"), &json!("hi")));
}

#[test]
fn what_cannot_be_sent_is_refused_with_a_reason() {
    if !is_ready() {
        return;
    }
    let place = Place::new();
    let server = place.serve_ready(&[]);
    for (wanted, told) in [
        (json!({ "kind": "event", "event": "{" }), "not JSON"),
        (
            json!({ "kind": "http", "method": "no method", "path": "/", "headers": [], "body": null }),
            "not an HTTP method",
        ),
        (
            json!({ "kind": "http", "method": "GET", "path": "no path", "headers": [], "body": null }),
            "not a path",
        ),
        (
            json!({ "kind": "http", "method": "GET", "path": "/", "headers": ["no colon"], "body": null }),
            "not a header",
        ),
        (json!({ "kind": "else" }), "nothing that can be sent"),
        (json!([]), "nothing that can be sent"),
    ] {
        let reply = server.post("/__trap/api/send", &wanted);
        assert_eq!(reply.status, 400, "{wanted}");
        assert!(reply.json()["message"].as_str().is_some_and(|message| message.contains(told)), "{reply:?}");
    }
    for path in [
        "/__trap/api/invocations/99",
        "/__trap/api/containers/99",
        "/__trap/api/invocations/99/event",
        "/__trap/x",
    ] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.post("/__trap/api/invocations/99/again", &json!({})).status, 404);
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(7 << 20));
    assert_eq!(server.post("/__trap/api/send", &json!({ "kind": "event", "event": large })).status, 400);
    // Every example can be sent; what this program says to it is its own matter.
    let examples = server.get("/__trap/api/examples").json();
    for example in examples.as_array().expect("examples") {
        let reply = server.post("/__trap/api/send", &json!({ "kind": "event", "event": example["text"] }));
        assert_eq!(reply.status, 202, "{example}");
    }
    assert_eq!(examples.as_array().map(Vec::len), Some(cargo_trap::events::ALL.len()));
}
