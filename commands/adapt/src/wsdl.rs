//! `kefu adapt wsdl`: a service of Thrift, or a bridge, described for clients of SOAP.

#[cfg(feature = "bridge")]
mod bridge;

use kefu_app::{App, Exit, Failure, Text};
use kefu_wire::{
    Error, Limits,
    thrift::{Schema, schema::Service},
    wsdl,
};

use crate::{
    PARTLY,
    args::WsdlArgs,
    convert::Output,
    schema::{self, eprintln_line},
    settings::{unknown, usage_of},
    shown,
};

/// Writes the description.
pub(crate) fn run(app: &App, args: &WsdlArgs) -> Result<Exit, Failure> {
    let is_bridge = args.file.extension().is_some_and(|one| one == "yaml" || one == "yml");
    if is_bridge {
        #[cfg(feature = "bridge")]
        return write(args, &bridge::describe(args)?).map(|()| Exit::Ok);
        #[cfg(not(feature = "bridge"))]
        return Err(usage_of("wsdl", "this build has no bridges", "此程序不含桥接功能"));
    }
    if args.endpoint.is_some() {
        return Err(usage_of("wsdl", "--endpoint is of a bridge file", "--endpoint 只用于桥接文件"));
    }
    let schema = schema::idl(&args.file, &args.include, &Limits::default())?.require(&args.file)?;
    let service = service(&schema, args)?;
    let namespace = args.namespace.clone().unwrap_or_else(|| format!("urn:{}", service.name));
    let (spec, left_out) = wsdl::of_thrift(&schema, service, &namespace, &args.address);
    if let Some(error) = left_out.first().filter(|_| !args.keep_going) {
        let hint = Text::new("leave such out with --keep-going", "可用 --keep-going 略过");
        return Err(indescribable(error).hint(hint));
    }
    let text = wsdl::emit(&spec).map_err(|error| indescribable(&error))?;
    write(args, &text)?;
    for error in &left_out {
        eprintln_line(&shown::line(&indescribable(error).line(app.language())));
    }
    Ok(if left_out.is_empty() { Exit::Ok } else { PARTLY })
}

fn write(args: &WsdlArgs, text: &str) -> Result<(), Failure> {
    let mut output = Output::open(shown::path_or_stream(args.output.as_deref()))?;
    match output.write(text.as_bytes()) {
        Err(error) => Err(output.failure(error)),
        Ok(()) => output.finish(),
    }
}

fn service<'s>(schema: &'s Schema, args: &WsdlArgs) -> Result<&'s Service, Failure> {
    match (&args.service, schema.services()) {
        (Some(name), services) => schema.find_service(name).map_err(|error| {
            let known: Vec<_> = services.iter().map(|service| service.name.as_str()).collect();
            unknown(error, name, &known)
        }),
        (None, [service]) => Ok(service),
        (None, services) => {
            let names: Vec<_> = services.iter().map(|service| service.name.as_str()).collect();
            let names = names.join(", ");
            Err(usage_of(
                "wsdl",
                &format!("--service must say which service is meant: {names}"),
                &format!("须用 --service 说明是哪个服务:{names}"),
            ))
        }
    }
}

fn indescribable(error: &Error) -> Failure {
    Failure::new(Exit::Data, Text::new("cannot describe the service", "无法描述该服务"))
        .because(error.to_string())
}
