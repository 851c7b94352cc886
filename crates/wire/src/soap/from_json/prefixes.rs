use crate::{
    Error,
    soap::{Version, XSI},
    xml::escape_attribute,
    xsd::{NamespaceId, QualifiedName, Schemas, XSD},
};

/// The prefixes of a message, and which of them it uses.
pub(super) struct Prefixes<'s> {
    schemas: &'s Schemas,
    used: Vec<bool>,
    /// Namespaces that the schema does not have.
    others: Vec<String>,
    xsi: bool,
    encoding: Option<Version>,
}

impl<'s> Prefixes<'s> {
    pub(super) fn new(schemas: &'s Schemas) -> Self {
        let used = vec![false; schemas.namespaces().len()];
        Self { schemas, used, others: Vec::new(), xsi: false, encoding: None }
    }

    pub(super) fn use_xsi(&mut self) {
        self.xsi = true;
    }

    pub(super) fn use_encoding(&mut self, version: Version) {
        self.encoding = Some(version);
    }

    /// A name as it stands in tags.
    pub(super) fn tag(&self, name: &QualifiedName) -> String {
        match self.prefix(name.namespace) {
            None => name.local.clone(),
            Some(prefix) => format!("{prefix}:{}", name.local),
        }
    }

    fn prefix(&self, namespace: NamespaceId) -> Option<String> {
        match self.schemas.namespace(namespace) {
            "" => None,
            XSD => Some("xsd".to_owned()),
            crate::xml::XML => Some("xml".to_owned()),
            _ => Some(format!("n{}", namespace.0)),
        }
    }

    /// Writes a name.
    pub(super) fn write(&mut self, name: &QualifiedName, out: &mut Vec<u8>) {
        match self.schemas.namespace(name.namespace) {
            "" => {}
            XSD => out.extend_from_slice(b"xsd:"),
            crate::xml::XML => out.extend_from_slice(b"xml:"),
            _ => {
                out.push(b'n');
                out.extend_from_slice(itoa::Buffer::new().format(name.namespace.0).as_bytes());
                out.push(b':');
            }
        }
        if let Some(used) = self.used.get_mut(name.namespace.0 as usize) {
            *used = true;
        }
        out.extend_from_slice(name.local.as_bytes());
    }

    /// A name of any namespace, as it stands in tags.
    pub(super) fn name(&mut self, namespace: &str, local: &str) -> String {
        if let Some(namespace) = self.schemas.find_namespace(namespace) {
            if let Some(used) = self.used.get_mut(namespace.0 as usize) {
                *used = true;
            }
            return self.tag(&QualifiedName { namespace, local: local.to_owned() });
        }
        if namespace == crate::xml::XML {
            return format!("xml:{local}");
        }
        let index = self.others.iter().position(|known| known == namespace).unwrap_or_else(|| {
            self.others.push(namespace.to_owned());
            self.others.len() - 1
        });
        format!("x{index}:{local}")
    }

    pub(super) fn others(&self) -> usize {
        self.others.len()
    }

    /// Writes the declarations of what is used.
    pub(super) fn declare(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut declare = |prefix: &str, namespace: &str| {
            out.extend_from_slice(b" xmlns:");
            out.extend_from_slice(prefix.as_bytes());
            out.extend_from_slice(b"=\"");
            escape_attribute(namespace, out)?;
            out.push(b'"');
            Ok(())
        };
        if self.xsi {
            declare("xsi", XSI)?;
        }
        if let Some(version) = self.encoding {
            declare("enc", version.encoding())?;
        }
        for ((index, namespace), used) in (0..).zip(self.schemas.namespaces()).zip(&self.used) {
            if *used
                && let Some(prefix) = self.prefix(NamespaceId(index))
                && prefix != "xml"
            {
                declare(&prefix, namespace)?;
            }
        }
        for (index, namespace) in self.others.iter().enumerate() {
            declare(&format!("x{index}"), namespace)?;
        }
        Ok(())
    }
}
