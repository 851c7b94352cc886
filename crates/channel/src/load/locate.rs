//! Lines of keys, and errors of the YAML reader in our words.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{FileError, near};

/// An error of a file that is not built right.
pub(super) fn built_wrong(error: &serde_yaml::Error) -> FileError {
    let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
    let text = error.to_string();
    let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    // The reader writes `send.text: message`, and the path is there only if it is not the root.
    let (key, message) = match text.split_once(": ") {
        Some((key, message)) if !key.contains([' ', '`', '"']) => (key.to_owned(), message),
        _ => (String::new(), text),
    };
    FileError { line, column, key, message: reworded(message) }
}

/// Names what is near, in the place of all that could stand there.
fn reworded(message: &str) -> String {
    let (what, rest) =
        match (message.strip_prefix("unknown field "), message.strip_prefix("unknown variant ")) {
            (Some(rest), _) => ("unknown key", rest),
            (_, Some(rest)) => ("unknown value", rest),
            _ => return message.to_owned(),
        };
    let mut names = rest.split('`').skip(1).step_by(2);
    let Some(unknown) = names.next() else { return message.to_owned() };
    let known: Vec<&str> = names.collect();
    match near(unknown, known.iter().copied()) {
        none if none.is_empty() && known.is_empty() => format!("{what} `{unknown}`"),
        none if none.is_empty() => format!("{what} `{unknown}`; known are {}", known.join(", ")),
        near => format!("{what} `{unknown}`{near}"),
    }
}

/// Values that a file may have, with those that aliases repeat: a few lines of them make a file of any size.
const VALUES_MAX: usize = 50_000;

/// Brackets that may be open, those in texts included.
const OPEN_MAX: usize = 128;

/// Whether more brackets are open than a file needs: the reader looks at all of them at each word.
pub(super) fn nests_deeper(yaml: &str) -> bool {
    let mut open = 0_usize;
    yaml.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > OPEN_MAX
    })
}

/// Reads through a file without keeping anything of it, as far as it may go.
pub(super) fn size(yaml: &str) -> Result<(), serde_yaml::Error> {
    let mut left = VALUES_MAX;
    Counter(&mut left).deserialize(serde_yaml::Deserializer::from_str(yaml))
}

struct Counter<'c>(&'c mut usize);

impl Counter<'_> {
    fn count<E: serde::de::Error>(&mut self) -> Result<(), E> {
        *self.0 = self.0.checked_sub(1).ok_or_else(|| E::custom(format!("more than {VALUES_MAX} values")))?;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Counter<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<(), D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Counter<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Counter(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key_seed(Counter(self.0))?.is_some() {
            entries.next_value_seed(Counter(self.0))?;
        }
        Ok(())
    }
}

/// Line and column of a key such as `receive.verify.0.hmac`, or of the nearest around it.
pub(super) fn key(yaml: &str, key: &str) -> (usize, usize) {
    let steps: Vec<&str> = key.split('.').collect();
    let places = (0..=steps.len()).rev().filter_map(|length| {
        let found = Finder(&steps[..length]).deserialize(serde_yaml::Deserializer::from_str(yaml));
        let place = found.err().filter(|error| error.to_string().contains(FOUND))?.location()?;
        Some((place.line(), place.column()))
    });
    places.into_iter().next().unwrap_or((1, 1))
}

const FOUND: &str = "\u{1}found\u{1}";

/// Goes down a path and stops with an error there, since only errors have places.
#[derive(Clone, Copy)]
struct Finder<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for Finder<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Finder<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_empty() { FOUND } else { "something with members" })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else { return Err(A::Error::custom(FOUND)) };
        while let Some(name) = entries.next_key::<String>()? {
            if name == *first {
                entries.next_value_seed(Finder(rest))?;
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Some((first, rest)) = self.0.split_first() else { return Err(A::Error::custom(FOUND)) };
        for index in 0_usize.. {
            let found = if *first == index.to_string() {
                items.next_element_seed(Finder(rest))?.is_some()
            } else {
                items.next_element::<IgnoredAny>()?.is_some()
            };
            if !found {
                break;
            }
        }
        Ok(())
    }
}
