use super::{NameIndex, Requiredness, StructKind, Type};
use crate::thrift::json;

/// A field of a struct.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its number on the wire.
    pub id: i16,
    /// Its type.
    pub ty: Type,
    /// Whether it must be there.
    pub requiredness: Requiredness,
    /// What it is where it is absent, as JSON.
    pub default: Option<String>,
    /// What its author says of it.
    pub doc: Option<String>,
    /// What its author annotated; a bare name has the value `1`.
    pub annotations: Vec<(String, String)>,
    /// `,"name":`, ready to be written; without the comma for the first member.
    pub(crate) key: Box<[u8]>,
}

impl Field {
    pub(crate) fn new(name: String, id: i16, ty: Type, requiredness: Requiredness) -> Self {
        let mut key = b",".to_vec();
        json::write_text(&mut key, &name);
        key.push(b':');
        let key = key.into_boxed_slice();
        Self { name, id, ty, requiredness, default: None, doc: None, annotations: Vec::new(), key }
    }
}

/// A struct, union or exception.
#[derive(Clone, Debug)]
pub struct Struct {
    /// Its name, with the file's prefix if it stands in an included file.
    pub name: String,
    /// What its author says of it.
    pub doc: Option<String>,
    /// What kind it is.
    pub kind: StructKind,
    /// Made up for the arguments or the result of a function.
    pub synthetic: bool,
    /// What its author annotated; a bare name has the value `1`.
    pub annotations: Vec<(String, String)>,
    fields: Vec<Field>,
    /// Positions of fields by id, for ids that are small.
    dense: Vec<u16>,
    index: NameIndex,
    /// Bit n: field n is required, for the first 64.
    required: u64,
    /// Positions of the required fields beyond the first 64.
    required_beyond: Vec<usize>,
    has_defaults: bool,
}

const NONE: u16 = u16::MAX;

/// How many fields a struct may have.
pub(crate) const FIELDS_MAX: usize = 16_384;

impl Struct {
    /// A struct whose fields come later, so that structs can refer to each other.
    pub(crate) fn new(name: String, kind: StructKind) -> Self {
        Self {
            name,
            doc: None,
            kind,
            synthetic: false,
            annotations: Vec::new(),
            fields: Vec::new(),
            dense: Vec::new(),
            index: NameIndex::default(),
            required: 0,
            required_beyond: Vec::new(),
            has_defaults: false,
        }
    }

    pub(crate) fn set_fields(&mut self, mut fields: Vec<Field>) {
        fields.truncate(FIELDS_MAX);
        fields.sort_by_key(|field| field.id);
        self.dense.clear();
        for (position, field) in (0..).zip(&fields) {
            let Ok(id) = usize::try_from(field.id) else { continue };
            if id < fields.len() * 4 + 64 {
                self.dense.resize(id, NONE);
                self.dense.push(position);
            }
        }
        self.index = NameIndex::new(fields.iter().map(|field| field.name.as_str()));
        self.required = 0;
        self.required_beyond.clear();
        for (position, field) in fields.iter().enumerate() {
            if field.requiredness != Requiredness::Required {
                continue;
            }
            if position < 64 {
                self.required |= 1 << position;
            } else {
                self.required_beyond.push(position);
            }
        }
        self.has_defaults = fields.iter().any(|field| field.default.is_some());
        self.fields = fields;
    }

    pub(crate) fn set_default(&mut self, position: usize, json: String) {
        if let Some(field) = self.fields.get_mut(position) {
            field.default = Some(json);
            self.has_defaults = true;
        }
    }

    /// Its fields in the order of their ids.
    #[inline]
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The position of a field among [`Self::fields`] by its id.
    #[inline]
    #[must_use]
    pub fn position_of_id(&self, id: i16) -> Option<usize> {
        if let Some(position) = usize::try_from(id).ok().and_then(|id| self.dense.get(id)) {
            return (*position != NONE).then_some(usize::from(*position));
        }
        self.fields.binary_search_by_key(&id, |field| field.id).ok()
    }

    /// The position of a field among [`Self::fields`] by its name.
    #[inline]
    #[must_use]
    pub fn position_of_name(&self, name: &str) -> Option<usize> {
        self.index.find(name, |index| &self.fields[index].name)
    }

    #[inline]
    pub(crate) fn has_defaults(&self) -> bool {
        self.has_defaults
    }

    /// The first required field that was not seen.
    #[inline]
    pub(crate) fn missing(&self, seen: &Seen) -> Option<&Field> {
        let missing = self.required & !seen.first;
        if missing != 0 {
            return self.fields.get(missing.trailing_zeros() as usize);
        }
        if self.required_beyond.is_empty() {
            return None;
        }
        let beyond = self.required_beyond.iter().find(|position| !seen.contains(**position))?;
        self.fields.get(*beyond)
    }
}

/// Which fields of a struct were met; allocates for large structs only.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    first: u64,
    beyond: Vec<u64>,
}

impl Seen {
    /// Notes a field by its position, and says whether it is new.
    #[inline]
    pub(crate) fn insert(&mut self, position: usize) -> bool {
        let bit = 1 << (position % 64);
        let word = match position / 64 {
            0 => &mut self.first,
            word => {
                if self.beyond.len() < word {
                    self.beyond.resize(word, 0);
                }
                &mut self.beyond[word - 1]
            }
        };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    #[inline]
    pub(crate) fn contains(&self, position: usize) -> bool {
        let word = match position / 64 {
            0 => self.first,
            word => self.beyond.get(word - 1).copied().unwrap_or_default(),
        };
        word & 1 << (position % 64) != 0
    }
}
