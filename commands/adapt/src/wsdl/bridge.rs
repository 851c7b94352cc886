//! The description of a side of a bridge that speaks SOAP, with the bridge's address.

use std::path::Path;

use kefu_app::{Exit, Failure, Text, load_file};
use kefu_gateway::{BridgeFile, EndpointFile, InboundKind};
use kefu_wire::wsdl;

use crate::{args::WsdlArgs, schema, settings::usage_of};

/// The text of the description.
pub(super) fn describe(args: &WsdlArgs) -> Result<String, Failure> {
    let file = load_file::<BridgeFile>(&args.file)?;
    let soap = file.endpoints.iter().filter(|one| one.inbound.kind == Some(InboundKind::Soap));
    let endpoint = choose(args, &soap.collect::<Vec<_>>())?;
    let index = file.endpoints.iter().position(|one| one.name == endpoint.name).unwrap_or_default();
    let missing = |key: &str| {
        file.reject(&format!("endpoints.{index}.inbound.{key}"), Text::new("must be there", "必须填写"))
    };
    let path = endpoint.inbound.path.as_ref().ok_or_else(|| missing("path"))?;
    let wsdl = endpoint.inbound.wsdl.as_ref().ok_or_else(|| missing("wsdl"))?;
    let wsdl = args.file.parent().unwrap_or(Path::new("")).join(wsdl);
    let (definitions, files) = schema::wsdl_with_files(&wsdl)?;
    let own = format!("{}{path}", args.address.trim_end_matches('/'));
    let ports = definitions.services.iter().flat_map(|service| &service.ports);
    let locations: Vec<&str> = ports.map(|port| port.location.as_str()).collect();
    let Some((name, bytes)) = files.first() else {
        return Err(Failure::internal("the description was read from no file"));
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let text = Text::new("cannot rewrite the description", "无法改写该描述文件");
        Failure::new(Exit::Data, text).because(error)
    })?;
    Ok(wsdl::relocate(text, name, &own, &locations, &|path| files.iter().any(|(known, _)| known == path)))
}

fn choose<'f>(args: &WsdlArgs, soap: &[&'f EndpointFile]) -> Result<&'f EndpointFile, Failure> {
    let names: Vec<&str> = soap.iter().map(|endpoint| endpoint.name.as_str()).collect();
    let names = names.join(", ");
    match (&args.endpoint, soap) {
        (Some(wanted), _) => soap.iter().find(|one| one.name == *wanted).copied().ok_or_else(|| {
            let en = format!("no endpoint {wanted:?} speaks SOAP, these do: {names}");
            usage_of("wsdl", &en, &format!("没有名为 {wanted:?} 的 SOAP 桥接,只有:{names}"))
        }),
        (None, [only]) => Ok(only),
        (None, []) => Err(usage_of(
            "wsdl",
            "no endpoint of the file speaks SOAP to its callers",
            "该文件没有面向 SOAP 调用方的桥接",
        )),
        (None, _) => {
            let en = format!("--endpoint must say which is meant: {names}");
            Err(usage_of("wsdl", &en, &format!("须用 --endpoint 说明是哪一个:{names}")))
        }
    }
}
