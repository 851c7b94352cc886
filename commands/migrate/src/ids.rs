//! Ids of what is brought over.

use sha1::{Digest as _, Sha1};
use uuid::{Builder, Uuid};

/// The namespace of all ids that are made of keys elsewhere.
const NAMESPACE: Uuid = Uuid::from_u128(0x7c1f_0c52_9d0e_5b8e_8a44_6b65_6675_6d67);

/// The id that the row `key` of `table` has here, for ever: a UUIDv5 of the three (RFC 9562), so that a run that is
/// repeated makes nothing twice and references need no look-up.
pub(crate) fn identity(source: &str, table: &str, key: &[u8]) -> Uuid {
    let mut hash = Sha1::new();
    hash.update(NAMESPACE.as_bytes());
    for part in [source.as_bytes(), table.as_bytes()] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(key);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Builder::from_sha1_bytes(bytes).into_uuid()
}

/// Whether an id may be one that was made of a key: ids that are made here are of other versions.
#[cfg(any(feature = "live", test))]
pub(crate) fn may_be_of_row(id: Uuid) -> bool {
    id.get_version_num() == 5
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids are kept for ever: another value here would bring everything over again.
    #[test]
    fn ids_are_fixed_and_differ_by_source_table_and_key() {
        let id = identity("old", "message", b"7");
        assert!(may_be_of_row(id) && !may_be_of_row(Uuid::from_u128(7)));
        assert_eq!(id, identity("old", "message", b"7"));
        let others = [
            identity("new", "message", b"7"),
            identity("old", "messages", b"7"),
            identity("old", "message", b"8"),
        ];
        assert!(others.iter().all(|other| *other != id));
    }
}
