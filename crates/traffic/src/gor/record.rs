use super::Problem;

/// What stands between two records: a line of three monkeys.
pub const SEPARATOR: &[u8; 14] = b"\n\xf0\x9f\x90\xb5\xf0\x9f\x99\x88\xf0\x9f\x99\x89\n";

/// What a record holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `1`: a request.
    Request,
    /// `2`: the answer of the system that was recorded.
    Response,
    /// `3`: the answer of the system that it was replayed to.
    Replayed,
    /// `4`: a WebSocket message to the server.
    ToServer,
    /// `5`: a WebSocket message to the client.
    ToClient,
    /// Anything else, which goreplay passes through.
    Other(u8),
}

impl Kind {
    /// The byte that stands for it.
    pub fn byte(self) -> u8 {
        match self {
            Self::Request => b'1',
            Self::Response => b'2',
            Self::Replayed => b'3',
            Self::ToServer => b'4',
            Self::ToClient => b'5',
            Self::Other(byte) => byte,
        }
    }
}

impl From<u8> for Kind {
    fn from(byte: u8) -> Self {
        match byte {
            b'1' => Self::Request,
            b'2' => Self::Response,
            b'3' => Self::Replayed,
            b'4' => Self::ToServer,
            b'5' => Self::ToClient,
            other => Self::Other(other),
        }
    }
}

/// One recorded message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Record {
    /// What it holds.
    pub kind: Kind,
    /// What a request and its answers have in common.
    pub id: String,
    /// When its first byte was seen, in nanoseconds since 1970.
    pub timestamp: i64,
    /// How long it took, in nanoseconds; old files have none for requests.
    pub latency: Option<i64>,
    /// What follows the fourth field, as it is.
    pub extra: String,
    /// The message as it was on the wire.
    pub payload: Vec<u8>,
}

/// A record where it was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct View<'a> {
    /// What it holds.
    pub kind: Kind,
    /// What a request and its answers have in common.
    pub id: &'a str,
    /// When its first byte was seen, in nanoseconds since 1970.
    pub timestamp: i64,
    /// How long it took, in nanoseconds; old files have none for requests.
    pub latency: Option<i64>,
    /// What follows the fourth field, as it is.
    pub extra: &'a str,
    /// The message as it was on the wire.
    pub payload: &'a [u8],
}

impl<'a> View<'a> {
    /// The value of an extension field.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        field(self.extra, name)
    }

    /// The record as something of its own.
    pub fn to_record(&self) -> Record {
        let Self { kind, id, timestamp, latency, extra, payload } = *self;
        let (id, extra, payload) = (id.to_owned(), extra.to_owned(), payload.to_vec());
        Record { kind, id, timestamp, latency, extra, payload }
    }
}

/// The first line of a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Header<'a> {
    pub(super) kind: Kind,
    pub(super) id: &'a str,
    /// None when it is no number.
    pub(super) timestamp: Option<i64>,
    pub(super) latency: Option<i64>,
    pub(super) extra: &'a str,
}

impl<'a> Header<'a> {
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, Problem> {
        let line = str::from_utf8(line).map_err(|_| Problem::Header("it is not UTF-8"))?;
        let mut fields = line.splitn(5, ' ');
        let (Some(kind), Some(id), Some(timestamp)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(Problem::Header("it has fewer than three fields"));
        };
        let [kind] = *kind.as_bytes() else {
            return Err(Problem::Header("the type is not one character"));
        };
        let latency = fields.next().and_then(|field| field.parse().ok());
        let extra = fields.next().unwrap_or_default();
        Ok(Self { kind: kind.into(), id, timestamp: timestamp.parse().ok(), latency, extra })
    }
}

impl Record {
    /// The record as goreplay hands it to others: a header of four fields, a line feed and the message.
    pub fn to_plain(&self) -> Vec<u8> {
        let Self { kind, id, timestamp, latency, payload, .. } = self;
        let mut bytes = vec![kind.byte()];
        bytes.extend(format!(" {id} {timestamp} {}\n", latency.unwrap_or_default()).into_bytes());
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Reads what [`Self::to_plain`] gives.
    ///
    /// # Errors
    ///
    /// The first line is no header.
    pub fn from_plain(bytes: &[u8]) -> Result<Self, Problem> {
        let end = memchr::memchr(b'\n', bytes).ok_or(Problem::Header("no line feed ends it"))?;
        let Header { kind, id, timestamp, latency, extra } = Header::parse(&bytes[..end])?;
        let timestamp = timestamp.ok_or(Problem::Header("the timestamp is no number"))?;
        let (id, extra, payload) = (id.to_owned(), extra.to_owned(), bytes[end + 1..].to_vec());
        Ok(Self { kind, id, timestamp, latency, extra, payload })
    }

    /// The record as a reader that keeps none gives it.
    pub fn view(&self) -> View<'_> {
        let Self { kind, id, timestamp, latency, extra, payload } = self;
        View { kind: *kind, id, timestamp: *timestamp, latency: *latency, extra, payload }
    }

    /// The value of an extension field.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.extra, name)
    }

    /// Sets an extension field, or takes it away.
    pub fn set_field(&mut self, name: &str, value: Option<&str>) {
        let mut fields: Vec<String> = self
            .extra
            .split(' ')
            .filter(|field| !field.is_empty() && field.split_once('=').is_none_or(|(known, _)| known != name))
            .map(str::to_owned)
            .collect();
        fields.extend(value.map(|value| format!("{name}={value}")));
        self.extra = fields.join(" ");
    }
}

/// The value of an extension field.
pub(super) fn field<'a>(extra: &'a str, name: &str) -> Option<&'a str> {
    extra.split(' ').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
}

/// Whether goreplay's reader, which goes by lines alone, would end the record within its payload.
pub(super) fn holds_separator(payload: &[u8]) -> bool {
    // The line feed of the header and the separator that follows count as well.
    let (line, open) = (&SEPARATOR[1..], &SEPARATOR[..13]);
    payload.starts_with(line)
        || payload == &open[1..]
        || payload.ends_with(open)
        || memchr::memmem::find(payload, SEPARATOR).is_some()
}
