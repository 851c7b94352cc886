//! `kefu adapt wsdl`: a service of Thrift, described for clients of SOAP.

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
    let schema = schema::idl(&args.file, &args.include, &Limits::default())?.require(&args.file)?;
    let service = service(&schema, args)?;
    let namespace = args.namespace.clone().unwrap_or_else(|| format!("urn:{}", service.name));
    let (spec, left_out) = wsdl::of_thrift(&schema, service, &namespace, &args.address);
    if let Some(error) = left_out.first().filter(|_| !args.keep_going) {
        let hint = Text::new("leave such out with --keep-going", "可用 --keep-going 略过");
        return Err(indescribable(error).hint(hint));
    }
    let text = wsdl::emit(&spec).map_err(|error| indescribable(&error))?;
    let mut output = Output::open(shown::path_or_stream(args.output.as_deref()))?;
    if let Err(error) = output.write(text.as_bytes()) {
        return Err(output.failure(error));
    }
    output.finish()?;
    for error in &left_out {
        eprintln_line(&shown::line(&indescribable(error).line(app.language())));
    }
    Ok(if left_out.is_empty() { Exit::Ok } else { PARTLY })
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
