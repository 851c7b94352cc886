use super::{ENVELOPE_11, ENVELOPE_12};

/// A version of SOAP.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Version {
    /// SOAP 1.1.
    #[default]
    V11,
    /// SOAP 1.2.
    V12,
}

impl Version {
    /// The namespace of its envelopes.
    #[must_use]
    pub fn envelope(self) -> &'static str {
        match self {
            Self::V11 => ENVELOPE_11,
            Self::V12 => ENVELOPE_12,
        }
    }

    /// The namespace of its encoding.
    #[must_use]
    pub fn encoding(self) -> &'static str {
        match self {
            Self::V11 => crate::xsd::SOAP_ENC_11,
            Self::V12 => crate::xsd::SOAP_ENC_12,
        }
    }

    /// The media type of its messages, with the action of a request.
    ///
    /// SOAP 1.1 has the action in the HTTP header `SOAPAction`, in quotes.
    #[must_use]
    pub fn content_type(self, action: &str) -> String {
        match self {
            Self::V11 => "text/xml; charset=utf-8".to_owned(),
            Self::V12 if action.is_empty() => "application/soap+xml; charset=utf-8".to_owned(),
            Self::V12 => {
                let plain = |c: &char| !c.is_control() && *c != '"' && *c != '\\';
                let action: String = action.chars().filter(plain).collect();
                format!("application/soap+xml; charset=utf-8; action=\"{action}\"")
            }
        }
    }
}

/// How messages are converted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// Whether what a schema does not have, lacks or forbids is an error where it could be passed on.
    pub strict: bool,
}
