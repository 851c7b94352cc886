//! From flags to what a conversion is made of, checked before anything is read.

mod soap;

use std::{path::PathBuf, sync::Arc};

use kefu_app::{Exit, Failure, Text};
use kefu_wire::{
    Error, ErrorKind, Limits,
    thrift::{Options, Protocol, Schema},
};

pub(crate) use self::soap::Soap;
use crate::{
    args::{ConvertArgs, Format, ProtocolName, TransportName},
    schema, shown,
};

/// A conversion.
#[derive(Debug)]
pub(crate) struct ConvertSettings {
    pub(crate) input: Option<PathBuf>,
    pub(crate) output: Option<PathBuf>,
    /// The two formats, either way.
    pub(crate) formats: [Format; 2],
    pub(crate) from: Option<Format>,
    pub(crate) keep_going: bool,
    pub(crate) lines: bool,
    pub(crate) schema: Arc<Schema>,
    pub(crate) content: Content,
    /// The side of SOAP, if there is one.
    pub(crate) soap: Option<Soap>,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) transport: Option<TransportName>,
    pub(crate) zlib: bool,
    pub(crate) options: Options,
    pub(crate) limits: Limits,
}

/// What each message is; names are those of the schema.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Content {
    /// A struct.
    Struct(String),
    /// Any message of a service.
    Messages(String),
    /// A message of one method, of which JSON has the arguments or the result alone.
    Bodies { service: String, method: String, reply: bool },
    /// Anything, without a schema; also where there is no Thrift.
    SchemaLess,
}

impl ConvertSettings {
    pub(crate) fn new(args: &ConvertArgs) -> Result<Self, Failure> {
        let (formats, from) = formats(args)?;
        if !args.schema.include.is_empty() && args.schema.idl.is_none() && args.soap.wsdl.is_none() {
            return Err(usage("--include needs --idl or --wsdl", "--include 需要 --idl 或 --wsdl"));
        }
        let limits = limits(args);
        let include = &args.schema.include;
        let content = content(args)?;
        let schema = match &args.schema.idl {
            Some(file) => schema::idl(file, include, &limits)?.require(file)?,
            None => Schema::default(),
        };
        check(&schema, &content)?;
        let mut soap = match &args.soap.wsdl {
            Some(file) => Some(Soap::new(&args.soap, file, include, &limits)?),
            None => None,
        };
        if let Some(soap) = soap.as_mut().filter(|_| formats.contains(&Format::Thrift)) {
            soap.for_thrift(&schema, &content)?;
        }
        if args.zlib && args.transport != Some(TransportName::Header) {
            return Err(usage("--zlib needs --transport header", "--zlib 需要 --transport header"));
        }
        let is_binary = matches!(args.protocol, None | Some(ProtocolName::Binary));
        if args.transport == Some(TransportName::Ttheader) && !is_binary {
            let (en, zh) = (
                "--transport ttheader needs --protocol binary",
                "--transport ttheader 需要 --protocol binary",
            );
            return Err(usage(en, zh));
        }
        let options = Options {
            i64_style: args.i64.into(),
            fill_defaults: args.fill_defaults,
            unknown_fields: args.unknown_fields.into(),
            unknown_members: args.unknown_members.into(),
        };
        Ok(Self {
            input: shown::path_or_stream(args.input.as_deref()).map(PathBuf::from),
            output: shown::path_or_stream(args.output.as_deref()).map(PathBuf::from),
            formats,
            from,
            keep_going: args.keep_going,
            lines: args.lines,
            schema: Arc::new(schema),
            content,
            soap,
            protocol: args.protocol.map(Into::into),
            transport: args.transport,
            zlib: args.zlib,
            options,
            limits,
        })
    }

    /// What comes out where this comes in.
    pub(crate) fn other(&self, format: Format) -> Format {
        other(self.formats, format)
    }
}

fn other(formats: [Format; 2], format: Format) -> Format {
    if formats[0] == format { formats[1] } else { formats[0] }
}

/// What is converted into what, and the input, if the flags say so.
fn formats(args: &ConvertArgs) -> Result<([Format; 2], Option<Format>), Failure> {
    if args.from.is_some() && args.from == args.to {
        return Err(usage("--from and --to are the same", "--from 与 --to 相同"));
    }
    let formats = match (args.soap.wsdl.is_some(), args.schema.idl.is_some()) {
        (true, true) => [Format::Soap, Format::Thrift],
        (true, false) => [Format::Soap, Format::Json],
        (false, _) => [Format::Thrift, Format::Json],
    };
    let asked = [args.from, args.to].into_iter().flatten().find(|format| !formats.contains(format));
    match asked {
        None => Ok((formats, args.from.or(args.to.map(|to| other(formats, to))))),
        Some(Format::Soap) => Err(usage("SOAP needs --wsdl FILE", "SOAP 需要 --wsdl FILE")),
        Some(Format::Thrift) => Err(usage("Thrift needs --idl FILE", "Thrift 需要 --idl FILE")),
        Some(Format::Json) => Err(usage(
            "--wsdl with --idl converts between SOAP and Thrift: leave out one of them for JSON",
            "--wsdl 与 --idl 同用时在 SOAP 与 Thrift 之间转换:要转换 JSON,请去掉其中之一",
        )),
    }
}

fn limits(args: &ConvertArgs) -> Limits {
    let default = Limits::default();
    let message_bytes_max = args.max_message.as_usize();
    Limits {
        message_bytes_max,
        string_bytes_max: (message_bytes_max / 4).max(default.string_bytes_max),
        nodes_max: (message_bytes_max as u64 / 16).max(default.nodes_max),
        depth_max: args.max_depth,
        xml_depth_max: default.xml_depth_max.max(args.max_depth as usize),
        ..default
    }
}

fn content(args: &ConvertArgs) -> Result<Content, Failure> {
    let schema = &args.schema;
    Ok(match (&schema.structure, &schema.service, &schema.method) {
        (Some(name), ..) => Content::Struct(name.clone()),
        (None, Some(service), Some(method)) => {
            Content::Bodies { service: service.clone(), method: method.clone(), reply: schema.reply }
        }
        (None, Some(service), None) => Content::Messages(service.clone()),
        (None, None, _) if schema.schema_less || args.soap.wsdl.is_some() && schema.idl.is_none() => {
            Content::SchemaLess
        }
        (None, None, _) if schema.idl.is_some() => {
            return Err(usage(
                "--struct or --service must say what the messages are",
                "须用 --struct 或 --service 说明消息是什么",
            ));
        }
        (None, None, _) => {
            return Err(usage(
                "there is no schema: give --idl FILE or --wsdl FILE, or --schema-less for field numbers",
                "没有架构文件:请用 --idl FILE 或 --wsdl FILE 指定,或用 --schema-less 按字段编号转换",
            ));
        }
    })
}

/// Checks that the schema has what the flags name.
fn check(schema: &Schema, content: &Content) -> Result<(), Failure> {
    let found = match content {
        Content::SchemaLess => Ok(()),
        Content::Struct(name) => schema.find_struct(name).map(drop),
        Content::Messages(service) => schema.find_service(service).map(drop),
        Content::Bodies { service, method, .. } => {
            schema.find_service(service).and_then(|service| schema.find_function(service, method)).map(drop)
        }
    };
    let Err(error) = found else { return Ok(()) };
    debug_assert_eq!(error.kind(), ErrorKind::Schema, "nothing else can be wrong with a name");
    let (asked, known) = names(schema, content);
    Err(unknown(error, asked, &known))
}

/// Says that a schema has no such name, and which one may be meant.
pub(crate) fn unknown(error: Error, asked: &str, known: &[&str]) -> Failure {
    let near = known
        .iter()
        .map(|name| (strsim::jaro_winkler(name, asked), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    let hint = match near {
        Some((_, near)) => Text::new(format!("did you mean `{near}`?"), format!("您是想用 `{near}` 吗?")),
        None => Text::new(
            "`kefu adapt inspect FILE` lists what it has",
            "`kefu adapt inspect FILE` 可列出其中的内容",
        ),
    };
    Failure::new(Exit::Config, Text::new("cannot convert", "无法转换")).because(error).hint(hint)
}

/// The name that was asked for, and those that there are.
fn names<'s>(schema: &'s Schema, content: &'s Content) -> (&'s str, Vec<&'s str>) {
    let services = || schema.services().iter().map(|service| service.name.as_str()).collect();
    match content {
        Content::SchemaLess => ("", Vec::new()),
        Content::Struct(name) => {
            let structs = schema.structures().filter(|(_, structure)| !structure.synthetic);
            (name, structs.map(|(_, structure)| structure.name.as_str()).collect())
        }
        Content::Messages(service) => (service, services()),
        Content::Bodies { service, method, .. } => match schema.find_service(service) {
            Ok(service) => {
                (method, schema.functions(service).map(|function| function.name.as_str()).collect())
            }
            Err(_) => (service, services()),
        },
    }
}

fn usage(en: &str, zh: &str) -> Failure {
    usage_of("convert", en, zh)
}

/// Says that the flags of a command do not go together.
pub(crate) fn usage_of(command: &str, en: &str, zh: &str) -> Failure {
    let text = Text::new(format!("cannot understand the command line: {en}"), format!("无法理解命令行:{zh}"));
    Failure::new(Exit::Usage, text).hint(Text::new(
        format!("see `kefu adapt {command} --help`"),
        format!("参见 `kefu adapt {command} --help`"),
    ))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use kefu_app::Language;

    use super::*;
    use crate::args::{Action, Args};

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: Args,
    }

    fn settings(line: &str) -> Result<ConvertSettings, Failure> {
        let words = ["adapt", "convert"].into_iter().chain(line.split_whitespace());
        match Cli::try_parse_from(words).expect("clap takes it").args.action {
            Action::Convert(args) => ConvertSettings::new(&args),
            other => panic!("{other:?}"),
        }
    }

    fn refused(line: &str) -> (Exit, String) {
        let failure = settings(line).expect_err(line);
        (failure.exit(), failure.line(Language::English))
    }

    #[test]
    fn the_input_is_the_other_than_the_output() {
        assert_eq!(settings("--schema-less").unwrap().from, None);
        assert_eq!(settings("--schema-less --to json").unwrap().from, Some(Format::Thrift));
        assert_eq!(settings("--schema-less --to thrift").unwrap().from, Some(Format::Json));
        assert_eq!(settings("--schema-less --from json").unwrap().from, Some(Format::Json));
        assert_eq!(refused("--schema-less --from json --to json").0, Exit::Usage);
    }

    #[test]
    fn what_does_not_go_together_is_said_before_anything_is_read() {
        let (exit, line) = refused("");
        assert_eq!(exit, Exit::Usage);
        assert!(line.contains("--idl FILE") && line.contains("--help"), "{line}");
        assert_eq!(refused("--schema-less --zlib").0, Exit::Usage);
        assert!(settings("--schema-less --transport header --zlib").is_ok());
        assert_eq!(refused("--schema-less --transport ttheader --protocol compact").0, Exit::Usage);
        for line in ["--struct A", "--idl a --schema-less", "--idl a --struct A --service B", "--reply"] {
            let words = ["adapt", "convert"].into_iter().chain(line.split_whitespace());
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }

    #[test]
    fn names_that_the_schema_lacks_have_a_near_miss() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("shop.thrift");
        std::fs::write(&file, "struct Order { 1: i64 id } service Shop { Order getOrder(1: i64 id) }")
            .unwrap();
        let with = |rest: &str| format!("--idl {} {rest}", file.display());
        assert!(settings(&with("--struct Order")).is_ok());
        let content = settings(&with("--service Shop --method getOrder --reply")).unwrap().content;
        let (service, method) = ("Shop".to_owned(), "getOrder".to_owned());
        assert_eq!(content, Content::Bodies { service, method, reply: true });
        for (flags, near) in [
            ("--struct Ordr", "`Order`"),
            ("--service Shp", "`Shop`"),
            ("--service Shop --method getOrders", "`getOrder`"),
            ("--struct Zebra", "inspect"),
        ] {
            let (exit, line) = refused(&with(flags));
            assert_eq!(exit, Exit::Config, "{line}");
            assert!(line.contains(near), "{line}");
        }
        assert_eq!(refused(&with("")).0, Exit::Usage);
    }

    #[test]
    fn limits_grow_together() {
        let limits = settings("--schema-less --max-message 64MiB --max-depth 9").unwrap().limits;
        assert_eq!((limits.message_bytes_max, limits.string_bytes_max), (64 << 20, 16 << 20));
        assert_eq!((limits.depth_max, limits.nodes_max), (9, 4 << 20));
        let small = settings("--schema-less --max-message 1KiB").unwrap().limits;
        assert_eq!((small.message_bytes_max, small.nodes_max), (1024, 1_000_000));
    }
}
