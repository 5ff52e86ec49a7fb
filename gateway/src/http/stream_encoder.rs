//! Compression of a body that is sent while it is written.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};

const INFALLIBLE: &str = "writing to a `Vec` cannot fail";

/// Encodes chunks of one body with gzip, or not at all.
#[derive(Default)]
pub(crate) struct StreamEncoder {
    gzip: Option<GzEncoder<Vec<u8>>>,
}

impl StreamEncoder {
    pub(crate) fn gzip() -> Self {
        Self { gzip: Some(GzEncoder::new(Vec::new(), Compression::fast())) }
    }

    /// The next bytes of the body. They can be empty, since the encoder keeps some back.
    pub(crate) fn encode(&mut self, chunk: &[u8]) -> Bytes {
        let Some(encoder) = &mut self.gzip else { return Bytes::copy_from_slice(chunk) };
        encoder.write_all(chunk).expect(INFALLIBLE);
        Bytes::from(std::mem::take(encoder.get_mut()))
    }

    /// The last bytes of the body.
    pub(crate) fn finish(self) -> Bytes {
        self.gzip.map(|encoder| encoder.finish().expect(INFALLIBLE).into()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn chunks_must_be_one_gzip_stream() {
        let mut encoder = StreamEncoder::gzip();
        let chunks = [&b"een "[..], &vec![b'x'; 100_000], b" twee"];
        let mut sent = chunks.map(|chunk| encoder.encode(chunk)).concat();
        sent.extend(encoder.finish());
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&*sent).read_to_end(&mut text).unwrap();
        assert_eq!(text, chunks.concat());
    }
}
