//! Images of rows in events: the values of a few columns, and how long all others are.

use super::event::{Broken, Bytes};

/// How the values of a column are written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Always so many bytes.
    Fixed(usize),
    /// Behind a length of so many bytes.
    Long {
        /// Bytes of the length.
        length: usize,
    },
}

/// Decimal digits that do not fill four bytes, and the bytes that they take.
const DIGITS: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

impl Shape {
    /// Of a type's number; `details` has what its columns differ by, in their order.
    pub(super) fn read(kind: u8, details: &mut Bytes<'_>) -> Result<Self, Broken> {
        let fraction =
            |details: &mut Bytes<'_>| -> Result<usize, Broken> { Ok(details.length(1)?.div_ceil(2)) };
        Ok(match kind {
            // TINY, YEAR; SHORT; INT24, DATE, TIME; LONG, TIMESTAMP; LONGLONG, DATETIME; NULL.
            1 | 13 => Self::Fixed(1),
            2 => Self::Fixed(2),
            9 | 10 | 11 | 14 => Self::Fixed(3),
            3 | 7 => Self::Fixed(4),
            8 | 12 => Self::Fixed(8),
            6 => Self::Fixed(0),
            // FLOAT and DOUBLE say their length.
            4 | 5 => Self::Fixed(details.length(1)?),
            // TIMESTAMP2, DATETIME2, TIME2: with so many digits of fractions.
            17 => Self::Fixed(4 + fraction(details)?),
            18 => Self::Fixed(5 + fraction(details)?),
            19 => Self::Fixed(3 + fraction(details)?),
            // BIT: bits and whole bytes.
            16 => {
                let bits = details.length(1)?;
                Self::Fixed(details.length(1)? + bits.div_ceil(8))
            }
            // NEWDECIMAL: digits, and those behind the point.
            246 => {
                let (digits, behind) = (details.length(1)?, details.length(1)?);
                let bytes = |digits: usize| digits / 9 * 4 + DIGITS[digits % 9];
                Self::Fixed(bytes(digits.checked_sub(behind).ok_or(Broken)?) + bytes(behind))
            }
            // VARCHAR and VAR_STRING, also compressed: the most bytes there can be.
            15 | 253 | 141 => Self::Long { length: if details.length(2)? < 256 { 1 } else { 2 } },
            // VECTOR, JSON, blobs, geometry, also compressed: bytes of the length.
            242 | 245 | 249..=252 | 255 | 140 => match details.length(1)? {
                length @ 1..=4 => Self::Long { length },
                _ => return Err(Broken),
            },
            // STRING, which may also be ENUM (247) or SET (248); two bits of a long CHAR's length are in its type.
            247 | 248 | 254 => {
                let (real, size) = (details.length(1)?, details.length(1)?);
                match real {
                    247 | 248 => Self::Fixed(size),
                    real => {
                        let most = if real & 0x30 == 0x30 { size } else { size | (real & 0x30 ^ 0x30) << 4 };
                        Self::Long { length: if most < 256 { 1 } else { 2 } }
                    }
                }
            }
            _ => return Err(Broken),
        })
    }
}

/// Reads the next image: the bytes of the columns at `wanted`, in their order; nothing for one that is NULL or not in
/// the image.
pub(super) fn read_image(
    bytes: &mut Bytes<'_>,
    shapes: &[Shape],
    present: &[u8],
    wanted: &[usize],
) -> Result<Vec<Option<Vec<u8>>>, Broken> {
    let bit =
        |bits: &[u8], index: usize| bits.get(index / 8).is_some_and(|byte| byte >> (index % 8) & 1 == 1);
    let count = (0..shapes.len()).filter(|column| bit(present, *column)).count();
    if count == 0 {
        // It would take no bytes, and there would be rows without end.
        return Err(Broken);
    }
    let nulls = bytes.take(count.div_ceil(8))?;
    let mut found = vec![None; wanted.len()];
    let mut seen = 0;
    for (column, shape) in shapes.iter().enumerate() {
        if !bit(present, column) {
            continue;
        }
        let is_null = bit(nulls, seen);
        seen += 1;
        if is_null {
            continue;
        }
        let length = match shape {
            Shape::Fixed(length) => *length,
            Shape::Long { length } => bytes.length(*length)?,
        };
        let value = bytes.take(length)?;
        if let Some(index) = wanted.iter().position(|wanted| *wanted == column) {
            found[index] = Some(value.to_vec());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wanted_columns_are_found_between_others() {
        let shapes = [Shape::Fixed(4), Shape::Long { length: 1 }, Shape::Fixed(8)];
        // The second one is NULL in the first row, and is there in the other one.
        let rows = b"\x02\x01\0\0\0\x07\0\0\0\0\0\0\0\x00\x02\0\0\0\x02ab\x08\0\0\0\0\0\0\0";
        let mut bytes = Bytes(rows);
        let first = read_image(&mut bytes, &shapes, &[0b111], &[2, 0]).unwrap();
        assert_eq!(first, [Some(vec![7, 0, 0, 0, 0, 0, 0, 0]), Some(vec![1, 0, 0, 0])]);
        let second = read_image(&mut bytes, &shapes, &[0b111], &[1]).unwrap();
        assert_eq!(second, [Some(b"ab".to_vec())]);
        assert!(bytes.0.is_empty());
    }

    #[test]
    fn a_column_that_is_not_in_the_image_is_not_known() {
        let shapes = [Shape::Fixed(1), Shape::Fixed(1)];
        let read = |wanted: &[usize]| read_image(&mut Bytes(b"\x00\x05"), &shapes, &[0b10], wanted).unwrap();
        assert_eq!(read(&[1]), [Some(vec![5])]);
        assert_eq!(read(&[0]), [None]);
        assert_eq!(read_image(&mut Bytes(b"\x00\x05"), &shapes, &[0], &[1]), Err(Broken));
    }

    #[test]
    fn lengths_are_those_of_the_types() {
        let shape = |kind, details: &[u8]| Shape::read(kind, &mut Bytes(details));
        assert_eq!(shape(246, &[10, 2]), Ok(Shape::Fixed(5)));
        assert_eq!(shape(16, &[1, 1]), Ok(Shape::Fixed(2)));
        assert_eq!(shape(18, &[3]), Ok(Shape::Fixed(7)));
        assert_eq!(shape(254, &[0xfe, 40]), Ok(Shape::Long { length: 1 }));
        // CHAR(200) of four bytes each: 800 bytes.
        assert_eq!(shape(254, &[0xce, 0x20]), Ok(Shape::Long { length: 2 }));
        assert_eq!(shape(254, &[247, 1]), Ok(Shape::Fixed(1)));
        assert_eq!(shape(15, &[0x90, 0x01]), Ok(Shape::Long { length: 2 }));
        assert_eq!(shape(99, &[]), Err(Broken));
    }

    proptest! {
        #[test]
        fn bytes_of_others_do_not_panic(
            kinds in proptest::collection::vec(any::<u8>(), 0..12),
            details in proptest::collection::vec(any::<u8>(), 0..24),
            present in proptest::collection::vec(any::<u8>(), 0..3),
            rows in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let mut details = Bytes(&details);
            let shapes: Result<Vec<_>, _> = kinds.iter().map(|kind| Shape::read(*kind, &mut details)).collect();
            if let Ok(shapes) = shapes {
                drop(read_image(&mut Bytes(&rows), &shapes, &present, &[0, 2]));
            }
        }
    }
}
