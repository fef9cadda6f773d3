//! Every question about the Runtime API whose answer two servers must agree on.

use crate::{http::Api, journal::Journal, json};

const BASE: &str = "/2018-06-01/runtime";

/// Asks what can be asked before an event was taken.
pub fn before_the_first_poll(api: &Api, journal: &Journal) {
    raw(api, journal, "GET", "/", "an unknown path");
    raw(api, journal, "GET", &format!("{BASE}/invocation"), "a path that is too short");
    raw(api, journal, "GET", "/2018-06-01/ping", "ping");
    raw(api, journal, "POST", &format!("{BASE}/invocation/next"), "post to next");
    raw(api, journal, "HEAD", &format!("{BASE}/invocation/next"), "head of next");
    raw(api, journal, "GET", &format!("{BASE}/invocation/next/"), "next with a slash behind it");
    raw(api, journal, "GET", &format!("{BASE}/invocation/1/response"), "get of a response");
    raw(api, journal, "GET", &format!("{BASE}/init/error"), "get of init error");
    post(api, journal, "invocation/nobody/response", "early response to an unknown id");
    post(api, journal, "invocation/nobody/error", "early error for an unknown id");
}

/// Asks what can be asked while the event `id` is in flight, and answers it twice.
pub fn during_an_invocation(api: &Api, journal: &Journal, id: &str) {
    match api.next() {
        Some(again) => {
            let same = again.header("lambda-runtime-aws-request-id") == Some(id);
            journal.line("next while in flight", &format!("same id: {same}"));
            journal.reply("next while in flight", &again);
        }
        None => journal.line("next while in flight", "no answer"),
    }
    post(api, journal, "init/error", "init error after init");
    post(api, journal, "invocation/nobody/response", "response to an unknown id");
    post(api, journal, "invocation/nobody/error", "error for an unknown id");
    post(api, journal, &format!("invocation/{id}/response"), "first response");
    post(api, journal, &format!("invocation/{id}/response"), "second response");
    post(api, journal, &format!("invocation/{id}/error"), "error after a response");
    post(api, journal, "invocation/nobody/response", "late response to an unknown id");
}

/// Answers in pieces, in a response mode.
pub fn stream(api: &Api, journal: &Journal, id: &str, mode: &str) {
    match api.stream(&format!("invocation/{id}/response"), &["{\"pieces\"", ":2}"], mode) {
        Ok(reply) => journal.reply(&format!("response in mode {mode}"), &reply),
        Err(error) => journal.line(&format!("response in mode {mode}"), &error.to_string()),
    }
}

fn post(api: &Api, journal: &Journal, path: &str, what: &str) {
    let reply = api.post(path, &json::quoted(what), None);
    journal.reply(what, &reply);
}

fn raw(api: &Api, journal: &Journal, method: &str, path: &str, what: &str) {
    match api.send(method, path, "", None) {
        Ok(reply) => journal.reply(what, &reply),
        Err(error) => journal.line(what, &error.to_string()),
    }
}
