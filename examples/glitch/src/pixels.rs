//! PNG: compressed and with a checksum, so that a changed byte would spoil the file. It is unpacked, and packed again.

use std::io::Cursor;

use png::{BitDepth, ColorType, Compression, Decoder, DecodingError, Encoder, Limits, Transformations};

use crate::{
    Refusal,
    recipe::{Dice, Pass},
};

/// Bytes of pixels that are unpacked at most: a small file can hold a picture that no memory does.
pub const MOST: usize = 48 << 20;

/// Pixels of eight bits, from the upper left to the lower right.
struct Picture {
    color: ColorType,
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

pub fn glitch(file: &[u8], dice: &mut Dice) -> Result<Vec<u8>, Refusal> {
    let mut picture = Picture::read(file)?;
    for pass in dice.passes() {
        match pass {
            Pass::Replace => picture.replace(dice),
            Pass::Sort => picture.sort(dice),
        }
    }
    picture.write().map_err(|error| Refusal::Broken(error.to_string()))
}

impl Picture {
    fn read(file: &[u8]) -> Result<Self, Refusal> {
        let broken = |error| match error {
            DecodingError::LimitsExceeded => Refusal::TooLarge,
            error => Refusal::Broken(error.to_string()),
        };
        let mut decoder = Decoder::new_with_limits(Cursor::new(file), Limits { bytes: MOST });
        decoder.set_transformations(Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(broken)?;
        let size = reader.output_buffer_size().filter(|size| *size <= MOST).ok_or(Refusal::TooLarge)?;
        let mut bytes = vec![0; size];
        let frame = reader.next_frame(&mut bytes).map_err(broken)?;
        let [width, height] = [frame.width, frame.height].map(|length| length as usize);
        Ok(Self { color: frame.color_type, width, height, bytes })
    }

    fn write(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(self.color);
        encoder.set_depth(BitDepth::Eight);
        // Quick, and the same bytes whatever compressor the rest of a program chooses for flate2.
        encoder.set_compression(Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.bytes)?;
        writer.finish()?;
        Ok(file)
    }

    /// Bytes of a pixel.
    fn samples(&self) -> usize {
        self.color.samples()
    }

    /// What a replaced byte does in a file whose rows say how they differ from the one above: everything below it is
    /// off by as much, here as far as to the right edge of a band.
    fn replace(&mut self, dice: &mut Dice) {
        let samples = self.samples();
        let (left, top) = (dice.below(self.width), dice.below(self.height));
        let width = 1 + dice.below(self.width - left);
        // Not the opacity, where there is one: it comes last.
        let sample = dice.below(if samples.is_multiple_of(2) { samples - 1 } else { samples });
        let change = dice.byte() | 32;
        for row in self.bytes.chunks_exact_mut(self.width * samples).skip(top) {
            for pixel in row[left * samples..(left + width) * samples].chunks_exact_mut(samples) {
                pixel[sample] = pixel[sample].wrapping_add(change);
            }
        }
    }

    /// In a band of rows a run of pixels is sorted from dark to light.
    fn sort(&mut self, dice: &mut Dice) {
        let samples = self.samples();
        let (left, top) = (dice.below(self.width), dice.below(self.height));
        let width = 1 + dice.below(self.width - left);
        let height = 1 + dice.below(self.height / 4);
        for row in self.bytes.chunks_exact_mut(self.width * samples).skip(top).take(height) {
            let run = &mut row[left * samples..(left + width) * samples];
            let mut pixels: Vec<_> = run.chunks_exact(samples).map(<[u8]>::to_vec).collect();
            pixels.sort_by_key(|pixel| pixel.iter().map(|sample| u32::from(*sample)).sum::<u32>());
            run.copy_from_slice(&pixels.concat());
        }
    }
}
