//! An image service: a PNG or JPEG comes in and leaves glitched, the same for the same seed.

mod jpeg;
mod pixels;
mod recipe;
#[cfg(test)]
mod tests;

use recipe::Recipe;
use tower_http::cors::{Any, CorsLayer};
use trap_runtime::axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Query},
    http::{HeaderName, Method, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};

/// An event of Lambda has 6 MB at most, and carries a picture as base64.
const LARGEST: usize = 4_500_000;

/// Says with which seed a picture was made, so that it can be made again.
const SEED: HeaderName = HeaderName::from_static("x-seed");

const USAGE: &str = "Glitches pictures in Rust: POST a PNG or JPEG here.\n\
    ?seed=42 gives the same again, ?passes=1 to 100 is how much, ?how=replace, sort or both is what\n";

/// Why a picture does not come back.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the body is empty: send a PNG or JPEG")]
    Empty,
    #[error("the body is neither PNG nor JPEG: it begins with {0:?}")]
    NoPicture(String),
    #[error("`passes` is from 1 to {most}, not {0}", most = recipe::MOST_PASSES)]
    Passes(u8),
    #[error("a picture of more than {most} bytes of pixels is too large", most = pixels::MOST)]
    TooLarge,
    #[error("the picture is broken: {0}")]
    Broken(String),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Empty | Self::Passes(_) => StatusCode::BAD_REQUEST,
            Self::NoPicture(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Broken(_) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        (status, format!("{self}\n")).into_response()
    }
}

fn router() -> Router {
    // Any page may ask, since nothing here is secret. A function URL with CORS settings of its own would say it twice.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([CONTENT_TYPE])
        .expose_headers([SEED]);
    Router::new().route("/", get(USAGE).post(glitch)).layer(DefaultBodyLimit::max(LARGEST)).layer(cors)
}

async fn glitch(Query(recipe): Query<Recipe>, body: Bytes) -> Result<impl IntoResponse, Refusal> {
    let mut dice = recipe.dice()?;
    let seed = dice.seed();
    // What the sender calls it does not count: a browser goes by the name of a file.
    let (kind, picture) = match &body[..] {
        [] => return Err(Refusal::Empty),
        [0xff, 0xd8, 0xff, ..] => ("image/jpeg", jpeg::glitch(&body, &mut dice)?),
        [0x89, b'P', b'N', b'G', ..] => ("image/png", pixels::glitch(&body, &mut dice)?),
        other => {
            let beginning = String::from_utf8_lossy(&other[..other.len().min(12)]);
            return Err(Refusal::NoPicture(beginning.into_owned()));
        }
    };
    Ok(([(CONTENT_TYPE, kind.to_owned()), (SEED, seed.to_string())], picture))
}

fn main() -> Result<(), trap_runtime::Error> {
    trap_runtime::run(router())
}
