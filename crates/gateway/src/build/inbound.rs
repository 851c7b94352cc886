//! What the inbound side of a bridge is.

use std::sync::Arc;

use kefu_app::{Failure, Text};

use super::{Build, Side};
use crate::{
    schemas::Described,
    settings::{EndpointFile, InboundKind},
};

impl Build<'_> {
    /// Reads what the inbound side is, and refuses what does not belong to its kind.
    pub(super) fn inbound(&mut self, index: usize, endpoint: &EndpointFile) -> Result<Side, Failure> {
        let settings = &endpoint.inbound;
        let kind = settings.kind.ok_or_else(|| self.missing(index, "inbound.kind"))?;
        let (soap, thrift) = (kind == InboundKind::Soap, kind == InboundKind::Thrift);
        for (path, is_set, belongs) in [
            ("inbound.listen", settings.listen.is_some(), thrift),
            ("inbound.idl", settings.idl.is_some(), thrift),
            ("inbound.include", !settings.include.is_empty(), thrift),
            ("inbound.wsdl", settings.wsdl.is_some(), soap),
            ("inbound.service", settings.service.is_some(), soap || thrift),
            ("inbound.path", settings.path.is_some(), kind != InboundKind::Internal),
        ] {
            if is_set && !belongs {
                return Err(self.superfluous(index, path, &kind_name(kind)));
            }
        }
        let is_mounted = self.source.prefix.is_some();
        match (&settings.path, kind) {
            (Some(path), _) if !is_plain_path(path) => {
                let text = Text::new(
                    "must be a path like /shop, without a / at its end",
                    "必须是形如 /shop 的路径,末尾不带 /",
                );
                return Err(self.reject(index, "inbound.path", text));
            }
            (None, InboundKind::Json | InboundKind::Soap) if !is_mounted => {
                return Err(self.missing(index, "inbound.path"));
            }
            (None, InboundKind::Thrift) if settings.listen.is_none() && !is_mounted => {
                let text = Text::new("`listen` or `path` must be there", "必须填写 `listen` 或 `path`");
                return Err(self.reject(index, "inbound.listen", text));
            }
            _ => {}
        }
        if is_mounted && settings.listen.is_some() && !endpoint.public {
            let text = Text::new(
                "nothing on a port of Thrift says who calls: the bridge must have `public: true`",
                "Thrift 端口无法识别调用方:该桥接必须设置 `public: true`",
            );
            return Err(self.reject(index, "inbound.listen", text));
        }
        match kind {
            InboundKind::Json | InboundKind::Internal => Ok(Side::Json),
            InboundKind::Soap => {
                let wsdl = settings.wsdl.as_ref().ok_or_else(|| self.missing(index, "inbound.wsdl"))?;
                let Described { definitions, files } = self.description(index, "inbound.wsdl", wsdl)?;
                let service =
                    self.soap_service(index, "inbound.service", &definitions, settings.service.as_deref())?;
                Ok(Side::Soap { definitions: Arc::new(definitions), service, files })
            }
            InboundKind::Thrift => {
                let idl = settings.idl.as_ref().ok_or_else(|| self.missing(index, "inbound.idl"))?;
                let schema = self.interface(index, "inbound.idl", idl, &settings.include)?;
                let service =
                    self.thrift_service(index, "inbound.service", &schema, settings.service.as_deref())?;
                Ok(Side::Thrift { schema: Arc::new(schema), service })
            }
        }
    }
}

fn kind_name(kind: InboundKind) -> String {
    use clap::ValueEnum as _;
    kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Whether a path is literal, so that it is the same for who lays and who follows it.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    path.starts_with('/') && !path.ends_with('/') && !path.contains("//") && path.chars().all(is_plain)
}
