//! Texts of elements, and bytes that may stand elsewhere.

use std::borrow::Cow;

use super::{Attachments, Encoder, check_blank, expect_end, unexpected_element};
use crate::{
    Error, json,
    soap::XOP,
    xml::{Event, Reader},
    xsd::{BASE64_BINARY, TypeId},
};

impl<'x> Encoder<'_, 'x> {
    pub(super) fn text_value(
        &mut self,
        reader: &mut Reader<'x>,
        ty: TypeId,
        is_binary: bool,
        default: Option<&str>,
    ) -> Result<(), Error> {
        if is_binary && let Some(attachments) = self.attachments {
            return self.binary(reader, attachments);
        }
        let text = read_text(reader)?;
        let text = match default {
            Some(default) if text.is_empty() => default,
            _ => &text,
        };
        self.values.write(ty, text, reader, &mut self.out)
    }

    /// Bytes, which may be those of an attachment: XML-binary Optimized Packaging.
    fn binary(&mut self, reader: &mut Reader<'x>, attachments: &Attachments<'x>) -> Result<(), Error> {
        let mut text = String::new();
        let mut attached = None;
        loop {
            match reader.next()? {
                Event::Text(part) => text.push_str(&part),
                Event::Start(name)
                    if name.namespace == XOP && name.local == "Include" && attached.is_none() =>
                {
                    let at = reader.offset();
                    let href = reader
                        .attributes()
                        .iter()
                        .find(|one| one.name.namespace.is_empty() && one.name.local == "href");
                    let href = href.map(|one| one.value.clone().into_owned()).unwrap_or_default();
                    let found = href.strip_prefix("cid:").and_then(attachments);
                    attached = Some(found.ok_or_else(|| {
                        Error::unexpected(at, "the id of a part of this package", format!("{href:?}"))
                    })?);
                    expect_end(reader)?;
                }
                Event::Start(name) => return Err(unexpected_element(reader, "a text", name.local)),
                Event::End | Event::Eof => break,
            }
        }
        match attached {
            Some(bytes) => {
                check_blank(reader, &text)?;
                json::write_base64(&mut self.out, bytes);
                Ok(())
            }
            None => self.values.write(BASE64_BINARY, &text, reader, &mut self.out),
        }
    }
}

/// The text of the element that was begun last, up to its end.
pub(in crate::soap::to_json) fn read_text<'x>(reader: &mut Reader<'x>) -> Result<Cow<'x, str>, Error> {
    let mut text = Cow::Borrowed("");
    loop {
        match reader.next()? {
            Event::Text(part) if text.is_empty() => text = part,
            Event::Text(part) => text.to_mut().push_str(&part),
            Event::Start(name) => return Err(unexpected_element(reader, "a text", name.local)),
            Event::End | Event::Eof => return Ok(text),
        }
    }
}
