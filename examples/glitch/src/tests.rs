//! The service as its callers see it, and the pictures of the README, which are made here.

use std::{env, fs, path::Path};

use jpeg_encoder::{ColorType as JpegColor, Encoder as JpegEncoder};
use png::{BitDepth, ColorType, Compression, Decoder, Encoder};
use tower::ServiceExt as _;
use trap_runtime::axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use zune_jpeg::{JpegDecoder, zune_core::bytestream::ZCursor};

use crate::router;

const WIDTH: usize = 320;
const HEIGHT: usize = 200;

async fn ask(method: Method, query: &str, body: Vec<u8>) -> (StatusCode, HeaderMap, Vec<u8>) {
    let request = Request::builder().method(method).uri(format!("/{query}"));
    let request = request.header("origin", "https://example.com");
    let response = router().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

async fn glitched(query: &str, picture: &[u8]) -> Vec<u8> {
    let (status, _, body) = ask(Method::POST, query, picture.to_vec()).await;
    assert_eq!(status, StatusCode::OK, "{query}: {}", String::from_utf8_lossy(&body));
    body
}

/// A picture with everything that shows a glitch: smooth colours, edges, and something round.
fn drawn() -> Vec<u8> {
    let mut pixels = Vec::new();
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (sun_x, sun_y) = (x as i32 - 228, y as i32 - 78);
            let hill = |period: f32, phase: f32| ((x as f32 / period + phase).sin() * 18.0) as i32;
            let sun = sun_x * sun_x + sun_y * sun_y < 46 * 46 && (y < 78 || y % 12 < 8);
            let pixel = match y as i32 {
                y if y > 162 + hill(31.0, 0.4) => [24, 20, 56],
                y if y > 138 + hill(47.0, 2.0) => [74, 36, 104],
                _ if sun => [255, 214, 102],
                y => [(92 + y) as u8, (44 + y / 2) as u8, (150 - y / 3) as u8],
            };
            pixels.extend(pixel);
        }
    }
    pixels
}

fn png_of(pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, WIDTH as u32, HEIGHT as u32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(pixels).unwrap();
    writer.finish().unwrap();
    file
}

fn jpeg_of(pixels: &[u8], progressive: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new(&mut file, 85);
    encoder.set_progressive(progressive);
    // A decoder that has lost its way finds it again at the next.
    encoder.set_restart_interval(20);
    encoder.encode(pixels, WIDTH as u16, HEIGHT as u16, JpegColor::Rgb).unwrap();
    file
}

fn pixels_of_png(file: &[u8]) -> Vec<u8> {
    let mut reader = Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    pixels
}

fn pixels_of_jpeg(file: &[u8]) -> Vec<u8> {
    let mut decoder = JpegDecoder::new(ZCursor::new(file));
    let pixels = decoder.decode().unwrap();
    assert_eq!(decoder.dimensions(), Some((WIDTH, HEIGHT)));
    pixels
}

/// Writes it with `TRAP_BLESS=1`, and compares it otherwise.
fn in_readme(name: &str, picture: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if env::var_os("TRAP_BLESS").is_some() {
        fs::write(&path, picture).unwrap();
    }
    let there = fs::read(&path).unwrap_or_default();
    assert!(there == picture, "`{name}` is out of date: `TRAP_BLESS=1 cargo test -p glitch` makes it anew");
}

#[tokio::test]
async fn the_pictures_of_the_readme_are_what_it_makes() {
    let (png, jpeg) = (png_of(&drawn()), jpeg_of(&drawn(), false));
    in_readme("before.png", &png);
    in_readme("after.png", &glitched("?seed=7", &png).await);
    in_readme("after.jpg", &glitched("?seed=2", &jpeg).await);
}

#[tokio::test]
async fn a_seed_makes_the_same_again_and_another_does_not() {
    for picture in [png_of(&drawn()), jpeg_of(&drawn(), false)] {
        let first = glitched("?seed=1", &picture).await;
        assert_eq!(first, glitched("?seed=1", &picture).await);
        assert_ne!(first, glitched("?seed=2", &picture).await);
        assert_ne!(first, picture);
    }
}

#[tokio::test]
async fn without_a_seed_the_answer_says_which_it_was() {
    let picture = png_of(&drawn());
    let (_, fields, body) = ask(Method::POST, "", picture.clone()).await;
    let seed = fields["x-seed"].to_str().unwrap();
    assert_eq!(body, glitched(&format!("?seed={seed}"), &picture).await);
    assert_eq!(fields["content-type"], "image/png");
}

#[tokio::test]
async fn whatever_the_dice_say_it_stays_a_picture() {
    let before = drawn();
    let png = png_of(&before);
    let jpegs = [jpeg_of(&before, false), jpeg_of(&before, true)];
    for seed in 0..8 {
        for how in ["replace", "sort", "both"] {
            let query = format!("?seed={seed}&how={how}&passes=30");
            assert_eq!(pixels_of_png(&glitched(&query, &png).await).len(), before.len());
            for jpeg in &jpegs {
                let after = glitched(&query, jpeg).await;
                assert_eq!(after.len(), jpeg.len());
                let markers = |file: &[u8]| {
                    let pairs = file.windows(2).enumerate();
                    pairs
                        .filter(|(_, pair)| pair[0] == 0xff)
                        .map(|(at, pair)| (at, pair[1]))
                        .collect::<Vec<_>>()
                };
                assert_eq!(markers(&after), markers(jpeg), "{query}");
            }
        }
    }
}

#[tokio::test]
async fn a_few_passes_leave_a_jpeg_that_another_decoder_reads() {
    let jpeg = jpeg_of(&drawn(), false);
    for seed in 0..20 {
        let after = glitched(&format!("?seed={seed}"), &jpeg).await;
        assert_ne!(pixels_of_jpeg(&after), pixels_of_jpeg(&jpeg), "{seed}");
    }
}

#[tokio::test]
async fn every_kind_of_png_comes_back() {
    for (color, samples) in [
        (ColorType::Grayscale, 1),
        (ColorType::GrayscaleAlpha, 2),
        (ColorType::Rgb, 3),
        (ColorType::Rgba, 4),
        (ColorType::Indexed, 1),
    ] {
        for depth in [BitDepth::Eight, BitDepth::Sixteen] {
            if color == ColorType::Indexed && depth == BitDepth::Sixteen {
                continue;
            }
            let mut file = Vec::new();
            let mut encoder = Encoder::new(&mut file, 1, 3);
            encoder.set_color(color);
            encoder.set_depth(depth);
            if color == ColorType::Indexed {
                encoder.set_palette(vec![255, 0, 0]);
            }
            let mut writer = encoder.write_header().unwrap();
            let bytes = samples * if depth == BitDepth::Sixteen { 2 } else { 1 };
            writer.write_image_data(&vec![0; 3 * bytes]).unwrap();
            writer.finish().unwrap();
            glitched("?passes=100", &file).await;
        }
    }
}

#[tokio::test]
async fn what_is_no_picture_is_refused_with_a_reason() {
    let mut cut = png_of(&drawn());
    cut.truncate(1000);
    let mut cut_jpeg = jpeg_of(&drawn(), false);
    cut_jpeg.truncate(1000);
    for (query, body, status, reason) in [
        ("", vec![], 400, "the body is empty"),
        ("", b"hello, picture".to_vec(), 415, "neither PNG nor JPEG: it begins with \"hello, pictu\""),
        ("", cut, 422, "the picture is broken"),
        ("", cut_jpeg, 422, "it ends within a scan"),
        ("", vec![0xff, 0xd8, 0xff], 422, "a marker is missing"),
        ("", vec![0xff, 0xd8, 0xff, 0xd9], 422, "it has no scan"),
        ("", vec![0xff, 0xd8, 0xff, 0xda, 0, 2], 422, "it ends within a scan"),
        ("?passes=0", vec![0; 1], 400, "from 1 to 100"),
        ("?passes=many", vec![0; 1], 400, "passes"),
        ("?how=gently", vec![0; 1], 400, "gently"),
        ("?sed=1", vec![0; 1], 400, "sed"),
        ("", vec![0; 5_000_000], 413, "length limit"),
    ] {
        let (found, fields, body) = ask(Method::POST, query, body).await;
        let body = String::from_utf8(body).unwrap();
        assert_eq!(found, status, "{query} {body}");
        assert!(body.contains(reason), "{query}: {body}");
        // A page sees the reason too.
        assert_eq!(fields["access-control-allow-origin"], "*");
    }
}

#[tokio::test]
async fn a_picture_that_no_memory_holds_is_refused() {
    // A header alone says how large it would be.
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 50_000, 50_000);
    encoder.set_color(ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_chunk(png::chunk::IDAT, &[0]).unwrap();
    drop(writer);
    let (status, _, body) = ask(Method::POST, "", file).await;
    assert_eq!(status, 413, "{}", String::from_utf8_lossy(&body));
}

#[tokio::test]
async fn a_page_elsewhere_may_ask() {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri("/")
        .header("origin", "https://example.com")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let response = router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert!(response.headers()["access-control-allow-methods"].to_str().unwrap().contains("POST"));
    let (_, fields, _) = ask(Method::GET, "", vec![]).await;
    assert_eq!(fields["access-control-expose-headers"], "x-seed");
}
