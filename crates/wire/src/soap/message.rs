use super::Version;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// From the client to the service.
    Request,
    /// From the service to the client.
    Reply,
}

/// What a message was, beside its JSON.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Message {
    /// The version of its envelope.
    pub version: Version,
    /// Whether it is a fault.
    pub is_fault: bool,
    /// Header blocks that must be understood and that the description does not have, as `{namespace}name`. A
    /// receiver that does not know them must answer with a fault of the code `MustUnderstand`.
    pub not_understood: Vec<String>,
}
