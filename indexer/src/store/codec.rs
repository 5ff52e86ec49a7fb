//! Encoding of values: `postcard`, with `lz4` compression for long texts.

use std::marker::PhantomData;

use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("plain data always encodes")
}

pub(super) fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    table: &'static str,
) -> Result<T, StoreError> {
    postcard::from_bytes(bytes).map_err(|_| StoreError::Decode { table })
}

pub(super) fn encode_compressed<T: Serialize>(value: &T) -> Vec<u8> {
    lz4_flex::compress_prepend_size(&encode(value))
}

pub(super) fn decode_compressed<T: DeserializeOwned>(
    bytes: &[u8],
    table: &'static str,
) -> Result<T, StoreError> {
    let plain =
        lz4_flex::decompress_size_prepended(bytes).map_err(|_| StoreError::Decode { table })?;
    decode(&plain, table)
}

/// A value encoded with compression, which takes longer than to write it.
#[derive(Debug)]
pub(crate) struct Compressed<T> {
    pub(super) bytes: Vec<u8>,
    value: PhantomData<T>,
}

impl<T: Serialize> Compressed<T> {
    pub(crate) fn new(value: &T) -> Self {
        Self { bytes: encode_compressed(value), value: PhantomData }
    }
}
