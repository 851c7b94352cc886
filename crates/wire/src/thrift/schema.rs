//! A schema with every name resolved, laid out for converting messages: indices instead of names, fields by id
//! in a dense table, and their names as JSON has them.

mod fields;
mod names;

pub(crate) use self::fields::{FIELDS_MAX, Seen};
pub use self::fields::{Field, Struct};
use self::names::NameIndex;
pub use super::idl::{Requiredness, StructKind};
use super::json;
use crate::thrift::TType;
use crate::{Error, Problem};

/// Which struct, union or exception of a [`Schema`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct StructId(pub(crate) u32);

/// Which enum of a [`Schema`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EnumId(pub(crate) u32);

/// Which element type of a [`Schema`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ElementId(pub(crate) u32);

/// Which pair of key and value type of a [`Schema`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct PairId(pub(crate) u32);

/// The type of a value; typedefs are gone.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "the IDL's own names")]
pub enum Type {
    Bool,
    I8,
    I16,
    I32,
    I64,
    Double,
    String,
    Binary,
    Uuid,
    Enum(EnumId),
    Struct(StructId),
    List(ElementId),
    Set(ElementId),
    Map(PairId),
}

impl Type {
    /// The type as the wire has it.
    #[inline]
    #[must_use]
    pub fn wire(self) -> TType {
        match self {
            Self::Bool => TType::Bool,
            Self::I8 => TType::I8,
            Self::I16 => TType::I16,
            Self::I32 | Self::Enum(_) => TType::I32,
            Self::I64 => TType::I64,
            Self::Double => TType::Double,
            Self::String | Self::Binary => TType::String,
            Self::Uuid => TType::Uuid,
            Self::Struct(_) => TType::Struct,
            Self::List(_) => TType::List,
            Self::Set(_) => TType::Set,
            Self::Map(_) => TType::Map,
        }
    }

    /// Whether a map with such keys is an object in JSON; others are arrays of pairs.
    #[must_use]
    pub fn is_object_key(self) -> bool {
        matches!(
            self,
            Self::Bool | Self::I8 | Self::I16 | Self::I32 | Self::I64 | Self::String | Self::Enum(_)
        )
    }
}

/// An enum.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its name, with the file's prefix if it stands in an included file.
    pub name: String,
    /// What its author says of it.
    pub doc: Option<String>,
    /// Names and numbers in the order of the file.
    pub values: Vec<(String, i32)>,
    /// Indices of the values by number; of equal numbers the first.
    by_number: Vec<u32>,
    /// Indices of the values by number, if the numbers are small.
    dense: Vec<u32>,
    index: NameIndex,
    /// The names in quotes.
    quoted: Vec<Box<[u8]>>,
}

const NONE: u32 = u32::MAX;

impl Enum {
    pub(crate) fn new(name: String, doc: Option<String>, values: Vec<(String, i32)>) -> Self {
        let mut by_number: Vec<u32> = (0..).take(values.len()).collect();
        by_number.sort_by_key(|index| values[*index as usize].1);
        by_number.dedup_by_key(|index| values[*index as usize].1);
        let mut dense = Vec::new();
        for index in &by_number {
            let Ok(number) = usize::try_from(values[*index as usize].1) else { continue };
            if number < values.len() * 4 + 16 {
                dense.resize(number, NONE);
                dense.push(*index);
            }
        }
        let quoted = values
            .iter()
            .map(|(name, _)| {
                let mut out = Vec::new();
                json::write_text(&mut out, name);
                out.into_boxed_slice()
            })
            .collect();
        let index = NameIndex::new(values.iter().map(|(name, _)| name.as_str()));
        Self { name, doc, values, by_number, dense, index, quoted }
    }

    fn position(&self, number: i32) -> Option<usize> {
        if let Some(index) = usize::try_from(number).ok().and_then(|number| self.dense.get(number)) {
            return (*index != NONE).then_some(*index as usize);
        }
        let found =
            self.by_number.binary_search_by_key(&number, |index| self.values[*index as usize].1).ok()?;
        Some(self.by_number[found] as usize)
    }

    /// The name of a number, if it has one.
    #[must_use]
    pub fn name_of(&self, number: i32) -> Option<&str> {
        self.position(number).map(|index| self.values[index].0.as_str())
    }

    #[inline]
    pub(crate) fn quoted_name_of(&self, number: i32) -> Option<&[u8]> {
        self.position(number).map(|index| &*self.quoted[index])
    }

    /// The number of a name.
    #[must_use]
    pub fn number_of(&self, name: &str) -> Option<i32> {
        self.index.find(name, |index| &self.values[index].0).map(|index| self.values[index].1)
    }
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Const {
    /// Its name, with the file's prefix if it stands in an included file.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Its value as JSON.
    pub json: String,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name, with the file's prefix if it stands in an included file.
    pub name: String,
    /// What its author says of it.
    pub doc: Option<String>,
    /// The service that it extends, as an index into the schema's.
    pub extends: Option<usize>,
    /// Its own functions; those of the service that it extends are not repeated.
    pub functions: Vec<Function>,
}

/// A function of a service.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What its author says of it.
    pub doc: Option<String>,
    /// Whether no reply comes.
    pub oneway: bool,
    /// What it returns; none is void.
    pub returns: Option<Type>,
    /// The struct of its arguments.
    pub arguments: StructId,
    /// The struct of its reply: field 0 is what it returns, the others what it throws.
    pub result: StructId,
    /// What its author annotated, such as an HTTP route; a bare name has the value `1`.
    pub annotations: Vec<(String, String)>,
}

/// The types, constants and services of an IDL file and of all that it includes.
///
/// Names of the file itself are bare, names of included files begin with the file's name: `shared.Order`.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub(crate) structs: Vec<Struct>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) elements: Vec<Type>,
    pub(crate) pairs: Vec<(Type, Type)>,
    pub(crate) consts: Vec<Const>,
    pub(crate) services: Vec<Service>,
    /// Names of typedefs and what they stand for.
    pub(crate) typedefs: Vec<(String, Type)>,
}

impl Schema {
    /// A struct, union or exception.
    #[inline]
    #[must_use]
    pub fn structure(&self, id: StructId) -> &Struct {
        &self.structs[id.0 as usize]
    }

    /// An enum.
    #[inline]
    #[must_use]
    pub fn enumeration(&self, id: EnumId) -> &Enum {
        &self.enums[id.0 as usize]
    }

    /// What a list or set holds.
    #[inline]
    #[must_use]
    pub fn element(&self, id: ElementId) -> Type {
        self.elements[id.0 as usize]
    }

    /// What a map holds: its keys and its values.
    #[inline]
    #[must_use]
    pub fn pair(&self, id: PairId) -> (Type, Type) {
        self.pairs[id.0 as usize]
    }

    /// All structs, unions and exceptions, those made up for arguments and results among them.
    pub fn structures(&self) -> impl Iterator<Item = (StructId, &Struct)> {
        (0..).map(StructId).zip(&self.structs)
    }

    /// All enums.
    #[must_use]
    pub fn enumerations(&self) -> &[Enum] {
        &self.enums
    }

    /// All constants.
    #[must_use]
    pub fn constants(&self) -> &[Const] {
        &self.consts
    }

    /// All services.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Finds a struct, union or exception by its name, or by the name of a typedef of it.
    ///
    /// # Errors
    /// There is none.
    pub fn find_struct(&self, name: &str) -> Result<StructId, Error> {
        let aliased = || {
            self.typedefs.iter().find_map(|(alias, ty)| match ty {
                Type::Struct(id) if alias == name => Some(*id),
                _ => None,
            })
        };
        self.structures()
            .find(|(_, structure)| structure.name == name && !structure.synthetic)
            .map(|(id, _)| id)
            .or_else(aliased)
            .ok_or_else(|| Error::new(Problem::NotInSchema { kind: "struct", name: name.to_owned() }))
    }

    /// Finds a service by its name.
    ///
    /// # Errors
    /// There is none.
    pub fn find_service(&self, name: &str) -> Result<&Service, Error> {
        self.services
            .iter()
            .find(|service| service.name == name)
            .ok_or_else(|| Error::new(Problem::NotInSchema { kind: "service", name: name.to_owned() }))
    }

    /// Finds a function of a service or of one that it extends.
    ///
    /// # Errors
    /// There is none.
    pub fn find_function<'s>(&'s self, service: &'s Service, name: &str) -> Result<&'s Function, Error> {
        self.functions(service)
            .find(|function| function.name == name)
            .ok_or_else(|| Error::new(Problem::NotInSchema { kind: "function", name: name.to_owned() }))
    }

    /// The functions of a service, then those of the services that it extends.
    pub fn functions<'s>(&'s self, service: &'s Service) -> impl Iterator<Item = &'s Function> {
        let extended =
            move |service: &&'s Service| service.extends.and_then(|index| self.services.get(index));
        std::iter::successors(Some(service), extended).flat_map(|service| &service.functions)
    }
}
