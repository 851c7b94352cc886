//! Whole messages as JSON, as one of the adapters.

use kefu_wire::{
    Error, Limits, Problem,
    adapter::{self, Adapter, JsonAdapter, Message},
};

use super::envelope::{self, Envelope, Kind};

/// `{"message":"call","method":"CreateTicket","arguments":{…}}`.
pub(super) struct WholeJson {
    pub(super) limits: Limits,
}

impl Adapter for WholeJson {
    fn to_internal(&self, input: &[u8]) -> Result<Message, Error> {
        if input.len() > self.limits.message_bytes_max {
            let max = self.limits.message_bytes_max as u64;
            return Err(Error::at(0, Problem::Limit { what: "bytes in a message", max }));
        }
        let envelope = Envelope::parse(input)?;
        let (kind, body) = match envelope.message {
            Kind::Call => (adapter::Kind::Call, envelope.arguments(input)?),
            Kind::Oneway => (adapter::Kind::Oneway, envelope.arguments(input)?),
            Kind::Reply => (adapter::Kind::Reply, envelope.result(input)?),
            Kind::Exception => {
                let mut body = b"{\"$failure\":".to_vec();
                envelope::write_failure(&mut body, &envelope.failure());
                body.push(b'}');
                let (name, sequence) = (envelope.method.into_owned(), envelope.sequence);
                return Ok(Message { name, kind: adapter::Kind::Fault, sequence, headers: Vec::new(), body });
            }
        };
        let inner = JsonAdapter::new(&envelope.method, kind, &self.limits).to_internal(body.json);
        let message = inner.map_err(|error| body.outside(&error))?;
        Ok(Message { sequence: envelope.sequence, ..message })
    }

    fn from_internal(&self, message: &Message) -> Result<Vec<u8>, Error> {
        let (kind, member) = match message.kind {
            adapter::Kind::Data | adapter::Kind::Call => (Kind::Call, "arguments"),
            adapter::Kind::Oneway => (Kind::Oneway, "arguments"),
            adapter::Kind::Reply | adapter::Kind::Fault => (Kind::Reply, "result"),
        };
        let body = JsonAdapter::new(&message.name, message.kind, &self.limits).from_internal(message)?;
        let mut out = Vec::with_capacity(body.len() + 128);
        envelope::begin(&mut out, kind, None, &message.name, message.sequence, member);
        out.extend_from_slice(&body);
        envelope::end(&mut out);
        Ok(out)
    }
}
