use uuid::Uuid;

/// What a message says about itself, so that whoever receives it can match and time it.
///
/// Packed into a UUID of version 8, which is both the message's `client_id` and the beginning of its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stamp {
    /// Whose conversation it belongs to: number of a visitor, 20 bits.
    pub(crate) sender: u32,
    /// Which message of that conversation, from 0, 30 bits.
    pub(crate) counter: u32,
    /// When it was due, in microseconds from the start of the run, 40 bits.
    pub(crate) micros: u64,
}

/// Fixed by RFC 9562 §5.8: version 8 and the variant.
const VERSION: u128 = 0x8 << 76 | 0b10 << 62;
const VERSION_MASK: u128 = 0xF << 76 | 0b11 << 62;

impl Stamp {
    /// Most visitors in one run.
    pub(crate) const MAX_SENDERS: u32 = 1 << 20;

    /// The stamp as a UUID; `run` keeps the messages of different runs apart.
    pub(crate) fn pack(self, run: u32) -> Uuid {
        let sender = u128::from(self.sender & 0xF_FFFF);
        let counter = u128::from(self.counter & 0x3FFF_FFFF);
        let micros = u128::from(self.micros & 0xFF_FFFF_FFFF);
        Uuid::from_u128(
            u128::from(run) << 96
                | (micros >> 24) << 80
                | VERSION
                | (sender >> 8) << 64
                | (sender & 0xFF) << 54
                | counter << 24
                | micros & 0xFF_FFFF,
        )
    }

    /// The stamp in a UUID, if it is one of this run.
    pub(crate) fn unpack(id: Uuid, run: u32) -> Option<Self> {
        let bits = id.as_u128();
        if bits >> 96 != u128::from(run) || bits & VERSION_MASK != VERSION {
            return None;
        }
        Some(Self {
            sender: ((bits >> 64 & 0xFFF) << 8 | bits >> 54 & 0xFF) as u32,
            counter: (bits >> 24 & 0x3FFF_FFFF) as u32,
            micros: ((bits >> 80 & 0xFFFF) << 24 | bits & 0xFF_FFFF) as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn stamps_are_read_back(run: u32, sender in 0..1_u32 << 20, counter in 0..1_u32 << 30, micros in 0..1_u64 << 40) {
            let stamp = Stamp { sender, counter, micros };
            let id = stamp.pack(run);
            prop_assert_eq!(Stamp::unpack(id, run), Some(stamp));
            prop_assert_eq!(Stamp::unpack(id, run.wrapping_add(1)), None);
            prop_assert_eq!(id.get_version_num(), 8);
            prop_assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        }
    }
}
