//! What the wire formats have in common: a reader and a writer for each, driven by whoever knows what comes.

use std::borrow::Cow;

use crate::{Error, Limits, thrift::TType};

/// The wire formats.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// `TBinaryProtocol`.
    Binary,
    /// `TCompactProtocol`.
    Compact,
    /// `TJSONProtocol`, which is JSON with field numbers and type names.
    Json,
}

impl Protocol {
    /// Its name in command lines and configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Compact => "compact",
            Self::Json => "json",
        }
    }
}

/// What a message is to its service.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub enum MessageKind {
    /// Arguments of a function.
    Call = 1,
    /// Its result, or an exception that it declares.
    Reply = 2,
    /// A failure that the function does not declare.
    Exception = 3,
    /// Arguments of a function that does not reply.
    Oneway = 4,
}

impl MessageKind {
    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Call,
            2 => Self::Reply,
            3 => Self::Exception,
            4 => Self::Oneway,
            _ => return None,
        })
    }
}

/// The envelope of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageHead<'a> {
    /// The function; with a multiplexed service before it: `Service:function`.
    pub name: Cow<'a, str>,
    /// What the message is.
    pub kind: MessageKind,
    /// Replies repeat the number of their call.
    pub sequence: i32,
}

impl MessageHead<'_> {
    /// The service and the function, where the name is multiplexed.
    #[must_use]
    pub fn split(&self) -> (Option<&str>, &str) {
        match self.name.split_once(':') {
            Some((service, function)) => (Some(service), function),
            None => (None, &self.name),
        }
    }
}

/// What comes before a list's or set's elements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListHead {
    /// Their type; none only if there are none.
    pub element: Option<TType>,
    /// How many there are.
    pub count: u32,
}

/// What comes before a map's entries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MapHead {
    /// The type of the keys; none only if there are none.
    pub key: Option<TType>,
    /// The type of the values; none only if there are none.
    pub value: Option<TType>,
    /// How many entries there are.
    pub count: u32,
}

/// Reads a wire format.
///
/// Every `…_begin` is followed by its `…_end`. Depth, counts and lengths are checked against the [`Limits`] before
/// anything is read. After an error a reader is of no further use.
///
/// # Errors
/// All functions fail on input that is malformed, too short or beyond a limit.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
pub trait Reader<'a> {
    /// The format, if values can be taken out of it as bytes.
    const RAW: Option<Protocol>;

    /// Where it is in the input.
    fn offset(&self) -> usize;
    /// The bytes of the input between two places; empty where [`Self::RAW`] is none.
    fn slice(&self, from: usize, to: usize) -> &'a [u8];

    /// Reads a message's envelope.
    fn message_begin(&mut self) -> Result<MessageHead<'a>, Error>;
    /// Reads what closes a message.
    fn message_end(&mut self) -> Result<(), Error>;
    /// Goes into a struct.
    fn struct_begin(&mut self) -> Result<(), Error>;
    /// Comes out of a struct, after its last field.
    fn struct_end(&mut self) -> Result<(), Error>;
    /// Reads a field's type and id, or that no field follows.
    fn field_begin(&mut self) -> Result<Option<(TType, i16)>, Error>;
    /// Reads what closes a field.
    fn field_end(&mut self) -> Result<(), Error>;
    /// Goes into a list or a set.
    fn list_begin(&mut self) -> Result<ListHead, Error>;
    /// Comes out of a list or a set.
    fn list_end(&mut self) -> Result<(), Error>;
    /// Goes into a map.
    fn map_begin(&mut self) -> Result<MapHead, Error>;
    /// Comes out of a map.
    fn map_end(&mut self) -> Result<(), Error>;

    /// Reads a value.
    fn bool(&mut self) -> Result<bool, Error>;
    /// Reads a value.
    fn i8(&mut self) -> Result<i8, Error>;
    /// Reads a value.
    fn i16(&mut self) -> Result<i16, Error>;
    /// Reads a value.
    fn i32(&mut self) -> Result<i32, Error>;
    /// Reads a value.
    fn i64(&mut self) -> Result<i64, Error>;
    /// Reads a value.
    fn double(&mut self) -> Result<f64, Error>;
    /// Reads text, whose UTF-8 is the caller's to check.
    fn string(&mut self) -> Result<Cow<'a, [u8]>, Error>;
    /// Reads bytes.
    fn binary(&mut self) -> Result<Cow<'a, [u8]>, Error>;
    /// Reads a value.
    fn uuid(&mut self) -> Result<[u8; 16], Error>;

    /// Checks that nothing follows.
    fn end(&mut self) -> Result<(), Error>;

    /// Skips a value of any type.
    fn skip(&mut self, ttype: TType) -> Result<(), Error> {
        match ttype {
            TType::Bool => self.bool().map(drop),
            TType::I8 => self.i8().map(drop),
            TType::I16 => self.i16().map(drop),
            TType::I32 => self.i32().map(drop),
            TType::I64 => self.i64().map(drop),
            TType::Double => self.double().map(drop),
            TType::String => self.string().map(drop),
            TType::Uuid => self.uuid().map(drop),
            TType::Struct => {
                self.struct_begin()?;
                while let Some((ttype, _)) = self.field_begin()? {
                    self.skip(ttype)?;
                    self.field_end()?;
                }
                self.struct_end()
            }
            TType::List | TType::Set => {
                let head = self.list_begin()?;
                if let Some(element) = head.element {
                    for _ in 0..head.count {
                        self.skip(element)?;
                    }
                }
                self.list_end()
            }
            TType::Map => {
                let head = self.map_begin()?;
                if let (Some(key), Some(value)) = (head.key, head.value) {
                    for _ in 0..head.count {
                        self.skip(key)?;
                        self.skip(value)?;
                    }
                }
                self.map_end()
            }
        }
    }
}

/// Writes a wire format.
///
/// Containers may be begun with a guess of their size; their end says what it was.
pub trait Writer {
    /// The format, if values can be put into it as bytes.
    const RAW: Option<Protocol>;
    /// Where a container's size was written.
    type Mark: Copy;

    /// Writes a message's envelope.
    fn message_begin(&mut self, head: &MessageHead<'_>);
    /// Writes what closes a message.
    fn message_end(&mut self);
    /// Begins a struct.
    fn struct_begin(&mut self);
    /// Ends a struct.
    fn struct_end(&mut self);
    /// Begins a field.
    fn field_begin(&mut self, ttype: TType, id: i16);
    /// Ends a field.
    fn field_end(&mut self);
    /// Begins a list or set with a guess of its size.
    fn list_begin(&mut self, element: Option<TType>, guess: u32) -> Self::Mark;
    /// Ends a list or set.
    fn list_end(&mut self, mark: Self::Mark, count: u32);
    /// Begins a map with a guess of its size.
    fn map_begin(&mut self, key: Option<TType>, value: Option<TType>, guess: u32) -> Self::Mark;
    /// Ends a map.
    fn map_end(&mut self, mark: Self::Mark, count: u32);

    /// Writes a value.
    fn bool(&mut self, value: bool);
    /// Writes a value.
    fn i8(&mut self, value: i8);
    /// Writes a value.
    fn i16(&mut self, value: i16);
    /// Writes a value.
    fn i32(&mut self, value: i32);
    /// Writes a value.
    fn i64(&mut self, value: i64);
    /// Writes a value.
    fn double(&mut self, value: f64);
    /// Writes text.
    fn string(&mut self, value: &[u8]);
    /// Writes bytes.
    fn binary(&mut self, value: &[u8]);
    /// Writes a value.
    fn uuid(&mut self, value: [u8; 16]);
    /// Writes a field whose value is bytes of this very format already; only where [`Self::RAW`] says so.
    fn raw_field(&mut self, ttype: TType, id: i16, value: &[u8]);
}

/// What a reader may still spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    depth: u32,
    depth_max: u32,
    nodes: u64,
    nodes_max: u64,
    message_bytes_max: usize,
    pub(crate) string_bytes_max: usize,
    /// More of the message may come: what does not fit yet may fit later.
    pub(crate) is_partial: bool,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        let Limits { depth_max, nodes_max, message_bytes_max, string_bytes_max, .. } = *limits;
        let (depth, nodes, is_partial) = (0, nodes_max, false);
        Self { depth, depth_max, nodes, nodes_max, message_bytes_max, string_bytes_max, is_partial }
    }

    #[inline]
    pub(crate) fn enter(&mut self, offset: usize) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.depth_max {
            return Err(Error::limit(offset, "levels of structs and containers", self.depth_max.into()));
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    #[inline]
    pub(crate) fn spend(&mut self, nodes: u64, offset: usize) -> Result<(), Error> {
        match self.nodes.checked_sub(nodes) {
            Some(left) => {
                self.nodes = left;
                Ok(())
            }
            None => Err(Error::limit(offset, "fields and elements", self.nodes_max)),
        }
    }

    /// A container's count, after checking that its elements can be there at all.
    #[inline]
    pub(crate) fn container(
        &mut self,
        count: u32,
        bytes_min: usize,
        remaining: usize,
        offset: usize,
    ) -> Result<(), Error> {
        let bytes = u64::from(count) * bytes_min as u64;
        if bytes > remaining as u64 {
            return Err(self.too_many(count, bytes, remaining, offset));
        }
        self.spend(count.into(), offset)?;
        self.enter(offset)
    }
}

impl Budget {
    #[cold]
    fn too_many(&self, count: u32, bytes: u64, remaining: usize, offset: usize) -> Error {
        if self.is_partial && bytes <= self.message_bytes_max as u64 {
            return Error::truncated(offset, "a container");
        }
        let rule =
            format!("{count} elements, at least {bytes} bytes, cannot fit the {remaining} bytes that remain");
        Error::malformed(offset, rule)
    }
}

/// Refuses a message that is too long as a whole.
pub(crate) fn check_message(input: &[u8], limits: &Limits) -> Result<(), Error> {
    if input.len() > limits.message_bytes_max {
        return Err(Error::limit(0, "bytes in a message", limits.message_bytes_max as u64));
    }
    Ok(())
}
