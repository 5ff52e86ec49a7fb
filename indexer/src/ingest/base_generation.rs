//! The generation that a build starts from.

use schema::GenerationNumber;

use super::error::BuildError;
use crate::progress::Progress;
use crate::{
    analysis::ANALYSIS_VERSION,
    generation::{BaseGeneration, DataFolder, GenerationBuilder, GenerationError, StoreCheck},
    index::IndexReader,
    store::{BASE_FILE, OVERLAY_FILE, StoreFile, StoreReader},
    with_causes,
};

/// An overlay larger than this many bytes and than this fraction of its base is merged into the
/// base: every build copies the overlay, and a merge costs about as much as copies of that size.
const OVERLAY_BYTES_MIN: u64 = 64 << 20;
const OVERLAY_BASE_DIVISOR: u64 = 4;

/// The generation that a build starts from.
pub(crate) struct Base {
    pub(crate) generation: BaseGeneration,
    pub(crate) store: StoreReader,
    /// Whether documents can be added to its index.
    pub(crate) index_is_usable: bool,
    /// Whether to publish even if no source changed.
    pub(crate) needs_repair: bool,
}

impl Base {
    /// The latest generation whose store is intact. `CURRENT` may be missing or point to an earlier
    /// generation, but the history must contain every generation that clients have seen.
    pub(crate) fn choose(
        data: &DataFolder,
        check: StoreCheck,
        progress: &dyn Progress,
    ) -> Result<Option<Self>, BuildError> {
        let current = match data.current() {
            Ok(current) => current,
            Err(error @ GenerationError::InvalidCurrent { .. }) => {
                progress.note(&with_causes(&error));
                None
            }
            Err(error) => return Err(error.into()),
        };
        let candidates = data.generations()?;
        if let Some(current) = current {
            for number in candidates.iter().filter(|number| **number > current) {
                progress.note(&format!(
                    "`CURRENT` names generation {current}; generation {number} is later and stays"
                ));
            }
        }
        for number in candidates.into_iter().rev() {
            match Self::open(data, number, check) {
                Ok(mut base) => {
                    base.needs_repair |= Some(number) != current;
                    if !base.index_is_usable {
                        progress.note(&format!(
                            "rebuilding the index of generation {number} from its store"
                        ));
                    }
                    return Ok(Some(base));
                }
                Err(error @ BuildError::Generation(GenerationError::UnsupportedFormat { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    let error = with_causes(&error);
                    progress.note(&format!("cannot use generation {number} as a base: {error}"));
                }
            }
        }
        Ok(None)
    }

    fn open(
        data: &DataFolder,
        number: GenerationNumber,
        check: StoreCheck,
    ) -> Result<Self, BuildError> {
        let generation = BaseGeneration::open(data, number, check)?;
        let store = StoreReader::open(&generation.folder, generation.blocks.clone())?;
        let index_is_usable = generation.index_damage.is_empty()
            && generation.manifest.analysis == ANALYSIS_VERSION
            && IndexReader::is_usable(&generation.index_folder());
        Ok(Self { generation, store, index_is_usable, needs_repair: !index_is_usable })
    }

    /// Opens an overlay over the store, or a single-layer store if the overlay has grown too large.
    pub(crate) fn extend_store(
        &self,
        builder: &mut GenerationBuilder<'_>,
    ) -> Result<StoreFile, BuildError> {
        let overlay_bytes_max =
            OVERLAY_BYTES_MIN.max(self.generation.file_bytes(BASE_FILE) / OVERLAY_BASE_DIVISOR);
        if self.generation.file_bytes(OVERLAY_FILE) > overlay_bytes_max {
            return Ok(StoreFile::copy_of(builder.folder(), &self.store)?);
        }
        builder.share_store(&self.generation)?;
        Ok(StoreFile::create_overlay(builder.folder(), self.generation.blocks.clone())?)
    }
}
