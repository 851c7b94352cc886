use super::{Adapter, Kind, Message, fault, object};
use crate::{Error, Limits};

/// JSON that is the body alone; `$headers` in it are the headers.
#[derive(Clone, Debug)]
pub struct JsonAdapter {
    name: String,
    kind: Kind,
    limits: Limits,
}

impl JsonAdapter {
    /// All messages are of this name and kind; those that say that they are faults are faults.
    #[must_use]
    pub fn new(name: &str, kind: Kind, limits: &Limits) -> Self {
        Self { name: name.to_owned(), kind, limits: *limits }
    }
}

impl Adapter for JsonAdapter {
    fn to_internal(&self, input: &[u8]) -> Result<Message, Error> {
        let mut body = input.to_vec();
        let headers = object::take_headers(&mut body, &self.limits)?;
        let kind = match self.kind {
            Kind::Data | Kind::Reply if fault::is_fault(&body) => Kind::Fault,
            kind => kind,
        };
        Ok(Message { name: self.name.clone(), kind, sequence: 0, headers, body })
    }

    fn from_internal(&self, message: &Message) -> Result<Vec<u8>, Error> {
        Ok(object::with_headers(&message.body, &message.headers)?.into_owned())
    }
}
