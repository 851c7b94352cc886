//! `_id`s of all types: in which order they are read, and how they are asked for again.

use mongodb::bson::{Binary, Bson, DateTime, Decimal128, Document, doc, oid::ObjectId, spec::BinarySubtype};
use uuid::Uuid;

use crate::value::{Value, encode_key};

/// Types that are read one after the other. A condition such as `$gt` compares with values of its own type alone, so a
/// page behind the last key of one type says nothing of the others. Their order is that of keys here.
const CLASSES: [&[&str]; 13] = [
    &["null"],
    &["minKey"],
    &["maxKey"],
    &["bool"],
    &["int", "long"],
    &["double"],
    &["string", "symbol"],
    &["decimal"],
    &["binData"],
    &["date"],
    &["timestamp"],
    &["objectId"],
    &["object"],
];

/// Types of `_id`s whose changes cannot be followed: what a key here says of them is too little to ask for them again.
pub(super) const UNFOLLOWED: [&str; 4] = ["minKey", "maxKey", "timestamp", "object"];

/// Where reading goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    class: usize,
    /// The last `_id` of that class.
    last: Option<Bson>,
}

impl Place {
    /// The condition for what comes next of a class; nothing, if all of them are read.
    pub(super) fn filter(&self) -> Option<Document> {
        let types = *CLASSES.get(self.class)?;
        let types: Vec<Bson> = types.iter().map(|name| Bson::from(*name)).collect();
        let mut id = doc! { "$type": types };
        match &self.last {
            None => {}
            // Nothing is greater than what is no number.
            Some(Bson::Double(last)) if last.is_nan() => {
                id.insert("$gte", f64::NEG_INFINITY);
            }
            Some(last) => {
                id.insert("$gt", last.clone());
            }
        }
        Some(doc! { "_id": id })
    }

    /// Goes behind a key of this class.
    pub(super) fn pass(&mut self, id: Bson) {
        self.last = Some(id);
    }

    /// Goes to the next class.
    pub(super) fn skip(&mut self) {
        *self = Self { class: self.class + 1, last: None };
    }

    pub(super) fn write(&self) -> Option<Vec<u8>> {
        let class = i32::try_from(self.class).ok()?;
        let mut place = doc! { "class": class };
        if let Some(last) = &self.last {
            place.insert("last", last.clone());
        }
        place.to_vec().ok()
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut place = Document::from_reader(bytes).ok()?;
        let class = usize::try_from(place.get_i32("class").ok()?).ok()?;
        Some(Self { class, last: place.remove("last") })
    }
}

/// Everything of which [`Value`] may be all that is known: a text may have been a UUID, or a decimal number. Empty, if it
/// cannot be asked for.
pub(super) fn candidates(value: &Value) -> Vec<Bson> {
    match value {
        Value::Null => vec![Bson::Null],
        Value::Bool(value) => vec![Bson::Boolean(*value)],
        // Equal numbers are equal, whatever their type.
        Value::Int(value) => vec![Bson::Int64(*value)],
        Value::Float(value) => vec![Bson::Double(*value)],
        Value::Text(text) => {
            let mut all = vec![Bson::String(text.clone())];
            if let Ok(id) = text.parse::<Uuid>() {
                let bytes = id.as_bytes().to_vec();
                all.push(Bson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes }));
            }
            if text.starts_with(|c: char| c.is_ascii_digit() || "-NI".contains(c))
                && let Ok(number) = text.parse::<Decimal128>()
            {
                all.push(Bson::Decimal128(number));
            }
            if let Some(Ok(milliseconds)) = text.strip_suffix(" ms").map(str::parse) {
                all.push(Bson::DateTime(DateTime::from_millis(milliseconds)));
            }
            all
        }
        Value::Bytes(bytes) => {
            let subtypes = [BinarySubtype::Generic, BinarySubtype::UuidOld, BinarySubtype::Md5];
            let user = std::iter::once(BinarySubtype::UserDefined(0x80));
            let binary = |subtype| Bson::Binary(Binary { subtype, bytes: bytes.clone() });
            subtypes.into_iter().chain(user).map(binary).collect()
        }
        Value::Moment(micros) => vec![Bson::DateTime(DateTime::from_millis(micros / 1000))],
        Value::ObjectId(id) => vec![Bson::ObjectId(ObjectId::from_bytes(*id))],
        Value::UInt(_) | Value::Temporal { .. } | Value::Json(_) => Vec::new(),
    }
}

/// A key that can be asked for.
pub(super) fn is_followed(key: &[Value]) -> bool {
    key.iter().all(|value| !candidates(value).is_empty())
}

/// The keys in one condition, and as bytes.
pub(super) fn wanted(keys: &[Vec<Value>]) -> (Vec<Bson>, std::collections::HashSet<Vec<u8>>) {
    let all = keys.iter().flatten().flat_map(candidates).collect();
    (all, keys.iter().map(encode_key).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_with_the_type_of_its_key() {
        for last in [
            Bson::Int32(7),
            Bson::Int64(7),
            Bson::Double(f64::INFINITY),
            Bson::String("退款".to_owned()),
            Bson::ObjectId(ObjectId::from_bytes([7; 12])),
            Bson::Document(doc! { "a": 1 }),
        ] {
            let mut place = Place::default();
            place.skip();
            place.pass(last.clone());
            let read = Place::read(&place.write().unwrap()).unwrap();
            assert_eq!(read, place);
            assert_eq!(read.filter().unwrap().get_document("_id").unwrap().get("$gt"), Some(&last));
        }
        assert_eq!(Place::read(b"nonsense"), None);
    }

    #[test]
    fn behind_the_last_type_there_is_nothing_and_what_is_no_number_hides_none() {
        let mut place = Place::default();
        place.pass(Bson::Double(f64::NAN));
        let filter = place.filter().unwrap();
        assert_eq!(filter.get_document("_id").unwrap().get("$gte"), Some(&Bson::Double(f64::NEG_INFINITY)));
        let mut seen = Vec::new();
        let mut place = Place::default();
        while let Some(filter) = place.filter() {
            let types = filter.get_document("_id").unwrap().get_array("$type").unwrap();
            seen.extend(types.iter().map(|name| name.as_str().unwrap().to_owned()));
            place.skip();
        }
        assert_eq!(seen.len(), 15);
    }

    #[test]
    fn a_text_may_have_been_more_than_a_text() {
        let text = |text: &str| candidates(&Value::Text(text.to_owned()));
        assert_eq!(text("abc").len(), 1);
        assert_eq!(text("6f9619ff-8b86-d011-b42d-00c04fc964ff").len(), 2);
        assert_eq!(text("-1.50").len(), 2);
        assert_eq!(text("9223372036854775807 ms").len(), 2);
        assert_eq!(candidates(&Value::Moment(1_500_000)), [Bson::DateTime(DateTime::from_millis(1500))]);
        assert!(is_followed(&[Value::Int(1)]));
        assert!(!is_followed(&[Value::Json("{}".to_owned())]));
    }
}
