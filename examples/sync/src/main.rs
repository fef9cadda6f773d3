//! A resource is opened once, before the first event, and the handler that needs it is handed back.

use std::{env, fs::File, io::Read};

use rtlambda::{create_runtime, default_runtime, prelude::*};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    body: String,
}

type Context<'a> = RefLambdaContext<'a, LambdaRuntimeEnv, UreqResponse>;
type Handler = Box<dyn Fn(Option<&str>, Context) -> Result<Answer, String>>;

/// The init function. What it fails with is reported as a failed start, and the platform tries anew.
fn open() -> Result<Handler, String> {
    let path = env::var("DICE").unwrap_or("/dev/urandom".to_owned());
    let dice = File::open(&path).map_err(|error| format!("`{path}`: {error}"))?;
    eprintln!("{path} is open");
    Ok(Box::new(move |_event, context| {
        let mut byte = [0];
        (&dice).read_exact(&mut byte).map_err(|error| format!("`{path}`: {error}"))?;
        eprintln!("event {} draws {}", context.aws_request_id().unwrap_or("?"), byte[0]);
        Ok(Answer { status_code: 200, body: "Hello from a Rust that awaits nothing\n".to_owned() })
    }))
}

fn main() {
    let mut runtime = default_runtime!(Answer, String, LAMBDA_VER, open);
    runtime.run();
}
