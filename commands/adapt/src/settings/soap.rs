//! What messages of SOAP are, and who their sender says to be.

use std::{
    fmt,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use kefu_app::{Exit, Failure, Text};
use kefu_wire::{
    Error, Limits, Problem,
    adapter::{Blocks, SoapAdapter},
    soap::{
        Direction, Options, Version,
        security::{self, Password},
    },
    thrift::Schema,
    wsdl::{Definitions, MessageShape, Operation},
    xsd::TypeKind,
};

use super::{Content, unknown, usage};
use crate::{args::SoapArgs, schema};

/// The variable that holds a password where no file does.
const PASSWORD: &str = "KEFU_SOAP_PASSWORD";
/// Bytes of a file with a password.
const PASSWORD_BYTES_MAX: u64 = 4096;

/// One side of a conversion.
#[derive(Debug)]
pub(crate) struct Soap {
    definitions: Arc<Definitions>,
    pub(crate) operation: Option<String>,
    pub(crate) direction: Option<Direction>,
    version: Option<Version>,
    strict: bool,
    /// Ways in which the only part of a body is all that the other side has.
    bare: Vec<Direction>,
    security: Option<Arc<Security>>,
}

impl Soap {
    pub(super) fn new(
        args: &SoapArgs,
        file: &Path,
        include: &[PathBuf],
        limits: &Limits,
    ) -> Result<Self, Failure> {
        let definitions = schema::wsdl(file, include, limits)?.require(file)?;
        if let Some(name) = &args.operation
            && definitions.find_operation(name).is_none()
        {
            let error = Error::new(Problem::NotInSchema { kind: "operation", name: name.clone() });
            let ports = definitions.services.iter().flat_map(|service| &service.ports);
            let known: Vec<_> =
                ports.flat_map(|port| &port.operations).map(|operation| operation.name.as_str()).collect();
            return Err(unknown(error, name, &known));
        }
        Ok(Self {
            definitions: Arc::new(definitions),
            operation: args.operation.clone(),
            direction: args.side.map(Into::into),
            version: args.soap.map(Into::into),
            strict: args.strict,
            bare: Vec::new(),
            security: Security::new(args)?.map(Arc::new),
        })
    }

    /// Fits the bodies to the other side, if that is Thrift.
    pub(super) fn for_thrift(&mut self, schema: &Schema, content: &Content) -> Result<(), Failure> {
        let Content::Struct(name) = content else {
            // What a method returns has no name.
            self.bare = vec![Direction::Reply];
            return Ok(());
        };
        let Some((_, operation)) =
            self.operation.as_ref().and_then(|name| self.definitions.find_operation(name))
        else {
            return Err(usage(
                "--struct needs --op to say whose body it is",
                "--struct 需要 --op 指明是哪个操作的正文",
            ));
        };
        let Ok(id) = schema.find_struct(name) else { return Ok(()) };
        let fields = schema.structure(id).fields();
        let is_inner = |direction: &Direction| {
            let part = self.only_part(operation, *direction);
            part.is_some_and(|part| fields.iter().all(|field| field.name != part))
        };
        self.bare = [Direction::Request, Direction::Reply].into_iter().filter(is_inner).collect();
        Ok(())
    }

    fn only_part<'d>(&'d self, operation: &'d Operation, direction: Direction) -> Option<&'d str> {
        let shape: &MessageShape = match direction {
            Direction::Request => &operation.input,
            Direction::Reply => operation.output.as_ref()?,
        };
        match &self.definitions.schemas.ty(shape.content).kind {
            TypeKind::Complex(complex) => match complex.members.as_slice() {
                [member] => Some(&member.json_name),
                _ => None,
            },
            TypeKind::Simple(_) => None,
        }
    }

    /// # Errors
    /// The description does not have the operation, which has been checked.
    pub(crate) fn adapter(&self, limits: &Limits) -> Result<SoapAdapter, Error> {
        let options = Options { strict: self.strict };
        let mut adapter = SoapAdapter::new(Arc::clone(&self.definitions), limits, options);
        if let Some(operation) = &self.operation {
            adapter = adapter.operation(operation)?;
        }
        if let Some(direction) = self.direction {
            adapter = adapter.direction(direction);
        }
        if let Some(version) = self.version {
            adapter = adapter.version(version);
        }
        if let Some(security) = &self.security {
            adapter = adapter.blocks(Security::blocks(Arc::clone(security)));
        }
        Ok(self.bare.iter().fold(adapter, |adapter, direction| adapter.bare(*direction)))
    }
}

/// What requests say of their sender and of their time.
#[derive(Debug)]
struct Security {
    user: Option<User>,
    valid_seconds: Option<u32>,
}

struct User {
    name: String,
    password: String,
    digest: bool,
}

impl fmt::Debug for User {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("User")
            .field("name", &self.name)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

impl Security {
    fn new(args: &SoapArgs) -> Result<Option<Self>, Failure> {
        let user = match &args.user {
            None => None,
            Some(name) => {
                let password = match &args.password_file {
                    Some(file) => read_password(file)?,
                    None => std::env::var(PASSWORD).map_err(|_| {
                        usage(
                            "--user needs a password: name a file with --password-file, or set KEFU_SOAP_PASSWORD",
                            "--user 需要密码:请用 --password-file 指定文件,或设置 KEFU_SOAP_PASSWORD",
                        )
                    })?,
                };
                Some(User { name: name.clone(), password, digest: args.password_digest })
            }
        };
        let is_empty = user.is_none() && args.timestamp.is_none();
        Ok((!is_empty).then_some(Self { user, valid_seconds: args.timestamp }))
    }

    fn blocks(this: Arc<Self>) -> Blocks {
        Arc::new(move || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            let created = utc(now);
            let mut nonce = [0; 16];
            getrandom::fill(&mut nonce)
                .map_err(|_| Error::new(Problem::Malformed("the system has no random numbers".into())))?;
            let user = this.user.as_ref().map(|user| {
                let password = if user.digest {
                    Password::Digest { password: &user.password, nonce: &nonce, created: &created }
                } else {
                    Password::Text(&user.password)
                };
                (user.name.as_str(), password)
            });
            let expires = this.valid_seconds.map(|seconds| utc(now + u64::from(seconds)));
            let timestamp = expires.as_ref().map(|expires| (created.as_str(), expires.as_str()));
            Ok(vec![security::header_block(&security::Security { user, timestamp })?])
        })
    }
}

fn read_password(file: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| {
        let file = file.display();
        let text =
            Text::new(format!("cannot read the password in {file}"), format!("无法读取 {file} 中的密码"));
        Failure::new(Exit::Config, text).because(error)
    };
    let mut text = String::new();
    File::open(file)
        .and_then(|file| file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text))
        .map_err(failed)?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

/// A time as seconds since 1970, as XML writes it: `2026-01-31T23:59:59Z`.
fn utc(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days of eras of 400 years that begin in March (Howard Hinnant, "chrono-compatible low-level date algorithms").
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_xml_has_them() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_769_903_999, "2026-01-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(utc(seconds), text);
        }
    }

    #[test]
    fn a_password_shows_nowhere() {
        let user = User { name: "desk".to_owned(), password: "s3cret".to_owned(), digest: false };
        let security = Arc::new(Security { user: Some(user), valid_seconds: Some(300) });
        assert!(!format!("{security:?}").contains("s3cret"));
        let blocks = Security::blocks(Arc::clone(&security))().expect("it can be written");
        assert!(blocks[0].contains(">s3cret<") && blocks[0].contains("Expires"), "{blocks:?}");
        let user = User { name: "desk".to_owned(), password: "s3cret".to_owned(), digest: true };
        let digest = Security::blocks(Arc::new(Security { user: Some(user), valid_seconds: None }));
        let (one, other) = (digest().expect("right"), digest().expect("right"));
        assert!(!one[0].contains("s3cret") && one != other, "a nonce is used once: {one:?}");
    }
}
