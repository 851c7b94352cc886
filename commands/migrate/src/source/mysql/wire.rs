//! A connection on which a server sends its binary log. The driver of SQL has no such thing; what it takes is a log-in
//! and three commands of the client protocol (MySQL Internals, "Client/Server Protocol" and "Replication Protocol").

use std::{io, path::PathBuf};

use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};

use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};

use super::tls::{self, Mode, Trust};

/// Longest packet: the longest row there can be, and what is around it.
const PACKET_BYTES_MAX: usize = 1 << 30;

/// A packet that is not the last one of what it belongs to has so many bytes.
const FULL: usize = 0xff_ffff;

/// What this client can, as bits of the log-in.
const LONG_PASSWORD: u32 = 1;
const LONG_FLAG: u32 = 4;
const PROTOCOL_41: u32 = 0x200;
const SSL: u32 = 0x800;
const TRANSACTIONS: u32 = 0x2000;
const SECURE_CONNECTION: u32 = 0x8000;
const PLUGIN_AUTH: u32 = 0x8_0000;
const UTF8MB4: u8 = 45;

/// Where a server is, and who asks.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) socket: Option<PathBuf>,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) trust: Trust,
}

impl Address {
    /// Of an address that the driver has understood; it keeps some of it to itself.
    pub(super) fn of(options: &MySqlConnectOptions, url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let user = rest.split('/').next().and_then(|host| host.rsplit_once('@')).map_or("", |(user, _)| user);
        let password = user.split_once(':').map_or("", |(_, password)| password);
        let option = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| decoded(value)).next_back()
        };
        let mode = match options.get_ssl_mode() {
            MySqlSslMode::Disabled => Mode::Disabled,
            MySqlSslMode::Preferred => Mode::Preferred,
            MySqlSslMode::Required => Mode::Required,
            MySqlSslMode::VerifyCa => Mode::Authority,
            MySqlSslMode::VerifyIdentity => Mode::Identity,
        };
        Self {
            host: options.get_host().to_owned(),
            port: options.get_port(),
            socket: options.get_socket().cloned(),
            user: options.get_username().to_owned(),
            password: decoded(password),
            trust: Trust { mode, authority: option("ssl-ca").map(PathBuf::from) },
        }
    }
}

/// `%3A` is a colon.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digits = behind.first_chunk::<2>().filter(|_| *first == b'%');
        let byte = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Why a server sends nothing.
#[derive(Debug)]
pub(super) enum WireError {
    /// It is not reached, or hung up.
    Io(io::Error),
    /// It says so: number and words.
    Refused(u16, String),
    /// It says what this client does not understand.
    Strange(&'static str),
}

impl std::fmt::Display for WireError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Refused(number, text) => write!(f, "error {number}: {text}"),
            Self::Strange(what) => write!(f, "the server sent {what}"),
        }
    }
}

impl std::error::Error for WireError {}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What bytes go over.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Socket for S {}

/// A connection after its log-in.
pub(super) struct Wire {
    socket: Box<dyn Socket>,
    /// Number of the next packet.
    sequence: u8,
    /// Bytes that were read and not taken.
    buffer: Vec<u8>,
}

/// What a server says first.
struct Greeting {
    capabilities: u32,
    nonce: Vec<u8>,
    plugin: Vec<u8>,
}

impl Wire {
    /// Logs in.
    pub(super) async fn connect(address: &Address) -> Result<Self, WireError> {
        let socket: Box<dyn Socket> = match &address.socket {
            Some(path) => Box::new(UnixStream::connect(path).await?),
            None => {
                let socket = TcpStream::connect((address.host.as_str(), address.port)).await?;
                socket.set_nodelay(true)?;
                Box::new(socket)
            }
        };
        let mut wire = Self { socket, sequence: 0, buffer: Vec::new() };
        let greeting = Greeting::read(&wire.packet().await?)?;
        let mut capabilities =
            LONG_PASSWORD | LONG_FLAG | PROTOCOL_41 | TRANSACTIONS | SECURE_CONNECTION | PLUGIN_AUTH;
        let is_private =
            address.socket.is_none() && address.trust.wants_tls(greeting.capabilities & SSL != 0);
        if is_private {
            capabilities |= SSL;
            wire.send(&head(capabilities)).await?;
            wire.socket = tls::connect(wire.socket, &address.host, &address.trust).await?;
        }
        let answer = scramble(&greeting.plugin, &address.password, &greeting.nonce, is_private);
        let mut login = head(capabilities);
        login.extend(address.user.as_bytes());
        login.push(0);
        // A plugin that this client does not know is changed by the server.
        let answer = answer.unwrap_or_default();
        login.push(u8::try_from(answer.len()).unwrap_or(0));
        login.extend(&answer);
        login.extend(&greeting.plugin);
        login.push(0);
        wire.send(&login).await?;
        wire.authenticate(address, greeting, is_private || address.socket.is_some()).await?;
        Ok(wire)
    }

    async fn authenticate(
        &mut self,
        address: &Address,
        mut greeting: Greeting,
        is_private: bool,
    ) -> Result<(), WireError> {
        // A server asks twice at most; more is a loop.
        for _ in 0..8 {
            let packet = self.packet().await?;
            match packet.split_first() {
                Some((0x00, _)) => return Ok(()),
                Some((0xff, rest)) => return Err(refusal(rest)),
                Some((0xfe, rest)) => {
                    let mut parts = rest.splitn(2, |byte| *byte == 0);
                    greeting.plugin = parts.next().unwrap_or_default().to_vec();
                    let nonce = parts.next().unwrap_or_default();
                    greeting.nonce = nonce.strip_suffix(&[0]).unwrap_or(nonce).to_vec();
                    let answer = scramble(&greeting.plugin, &address.password, &greeting.nonce, is_private);
                    let answer =
                        answer.ok_or(WireError::Strange("a way of logging in that is not known here"))?;
                    self.send(&answer).await?;
                }
                // caching_sha2_password: it is known, or it wants the password itself.
                Some((0x01, [3, ..])) => {}
                Some((0x01, [4, ..])) if is_private => {
                    let mut password = address.password.clone().into_bytes();
                    password.push(0);
                    self.send(&password).await?;
                }
                Some((0x01, [4, ..])) => {
                    return Err(WireError::Strange("a wish for the password, which goes over TLS only"));
                }
                _ => return Err(WireError::Strange("a strange answer to the log-in")),
            }
        }
        Err(WireError::Strange("questions without end at the log-in"))
    }

    /// Runs a statement that returns no rows.
    pub(super) async fn execute(&mut self, sql: &str) -> Result<(), WireError> {
        self.command(0x03, sql.as_bytes()).await?;
        self.ok().await
    }

    /// Has the server send its log from a place on, as to a replica of this number.
    pub(super) async fn dump(&mut self, replica: u32, file: &str, offset: u32) -> Result<(), WireError> {
        let mut register = replica.to_le_bytes().to_vec();
        // No host, user and password of its own; port, rank and the source's number are not used.
        register.extend([0; 3 + 2 + 4 + 4]);
        self.command(0x15, &register).await?;
        self.ok().await?;
        let mut dump = offset.to_le_bytes().to_vec();
        dump.extend([0, 0]);
        dump.extend(replica.to_le_bytes());
        dump.extend(file.as_bytes());
        self.command(0x12, &dump).await
    }

    /// The next event of the log. May be given up at any time and asked again.
    pub(super) async fn event(&mut self) -> Result<Vec<u8>, WireError> {
        let mut packet = self.packet().await?;
        match packet.first() {
            Some(0x00) => {
                packet.remove(0);
                Ok(packet)
            }
            Some(0xff) => Err(refusal(&packet[1..])),
            Some(0xfe) => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            _ => Err(WireError::Strange("something else than an event")),
        }
    }

    async fn ok(&mut self) -> Result<(), WireError> {
        let packet = self.packet().await?;
        match packet.split_first() {
            Some((0x00, _)) => Ok(()),
            Some((0xff, rest)) => Err(refusal(rest)),
            _ => Err(WireError::Strange("something else than an answer")),
        }
    }

    async fn command(&mut self, command: u8, body: &[u8]) -> Result<(), WireError> {
        self.sequence = 0;
        self.send(&[&[command], body].concat()).await
    }

    async fn send(&mut self, body: &[u8]) -> Result<(), WireError> {
        // Nothing that is sent here comes near the length at which packets are split.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes();
        let mut packet = vec![length[0], length[1], length[2], self.sequence];
        self.sequence = self.sequence.wrapping_add(1);
        packet.extend(body);
        self.socket.write_all(&packet).await?;
        self.socket.flush().await.map_err(WireError::Io)
    }

    /// The next packet, put together. Nothing that was read is lost when it is given up.
    async fn packet(&mut self) -> Result<Vec<u8>, WireError> {
        loop {
            if let Some(packet) = self.whole()? {
                return Ok(packet);
            }
            self.buffer.reserve(16 << 10);
            if self.socket.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    /// Takes a packet, if all of it is there.
    fn whole(&mut self) -> Result<Option<Vec<u8>>, WireError> {
        let (mut at, mut packet_len) = (0, 0);
        loop {
            let Some(head) = self.buffer.get(at..at + 4) else { return Ok(None) };
            let length = usize::from(head[0]) | usize::from(head[1]) << 8 | usize::from(head[2]) << 16;
            packet_len += length;
            if packet_len > PACKET_BYTES_MAX {
                return Err(WireError::Strange("a packet that is too long"));
            }
            if self.buffer.len() < at + 4 + length {
                return Ok(None);
            }
            at += 4 + length;
            if length < FULL {
                break;
            }
        }
        let mut packet = Vec::with_capacity(packet_len);
        let mut from = 0;
        while from < at {
            let length = FULL.min(at - from - 4);
            self.sequence = self.buffer[from + 3].wrapping_add(1);
            packet.extend(&self.buffer[from + 4..from + 4 + length]);
            from += 4 + length;
        }
        self.buffer.drain(..at);
        Ok(Some(packet))
    }
}

impl Greeting {
    fn read(packet: &[u8]) -> Result<Self, WireError> {
        const STRANGE: WireError = WireError::Strange("a greeting of another protocol");
        match packet.split_first() {
            Some((0xff, rest)) => return Err(refusal(rest)),
            Some((10, _)) => {}
            _ => return Err(STRANGE),
        }
        let read = || {
            let version = packet[1..].iter().position(|byte| *byte == 0)?;
            // Behind the version: a number, the first part of the nonce, a zero, and bits.
            let rest = packet.get(version + 2 + 4..)?;
            let mut nonce = rest.get(..8)?.to_vec();
            let low = rest.get(9..11)?;
            let high = rest.get(14..16)?;
            let capabilities = u32::from_le_bytes([low[0], low[1], high[0], high[1]]);
            let length = usize::from(*rest.get(16)?).saturating_sub(8).max(13);
            let second = rest.get(27..)?;
            let second_len = length.min(second.len());
            nonce.extend(second[..second_len].strip_suffix(&[0]).unwrap_or(&second[..second_len]));
            let plugin = second.get(second_len..).unwrap_or_default();
            let plugin = plugin.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
            Some(Self { capabilities, nonce, plugin })
        };
        read().ok_or(STRANGE)
    }
}

/// What a log-in and a wish for TLS begin with.
fn head(capabilities: u32) -> Vec<u8> {
    let mut head = capabilities.to_le_bytes().to_vec();
    head.extend(u32::try_from(PACKET_BYTES_MAX).unwrap_or(u32::MAX).to_le_bytes());
    head.push(UTF8MB4);
    head.extend([0; 23]);
    head
}

fn refusal(rest: &[u8]) -> WireError {
    let number = rest.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes));
    let text = rest.get(2..).unwrap_or_default();
    // A state of five letters may stand before the words.
    let text = if text.first() == Some(&b'#') { text.get(6..).unwrap_or_default() } else { text };
    WireError::Refused(number, String::from_utf8_lossy(text).into_owned())
}

/// What proves that a password is known; nothing, where the way is not known.
fn scramble(plugin: &[u8], password: &str, nonce: &[u8], is_private: bool) -> Option<Vec<u8>> {
    if password.is_empty() {
        return Some(Vec::new());
    }
    let exclusive = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    match plugin {
        b"mysql_native_password" => {
            let once = Sha1::digest(password);
            let proof = Sha1::new().chain_update(nonce).chain_update(Sha1::digest(once)).finalize();
            Some(exclusive(&once, &proof))
        }
        b"caching_sha2_password" => {
            let once = Sha256::digest(password);
            let proof = Sha256::new().chain_update(Sha256::digest(once)).chain_update(nonce).finalize();
            Some(exclusive(&once, &proof))
        }
        b"mysql_clear_password" | b"sha256_password" if is_private => {
            Some([password.as_bytes(), &[0]].concat())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn greeting() -> Vec<u8> {
        let mut packet = b"\x0a5.5.5-10.11\0".to_vec();
        packet.extend(7_u32.to_le_bytes());
        packet.extend(b"12345678\0");
        packet.extend([0xff, 0xff, 45, 2, 0, 0xff, 0x81, 21]);
        packet.extend([0; 10]);
        packet.extend(b"901234567890\0mysql_native_password\0");
        packet
    }

    #[test]
    fn an_address_is_taken_apart_as_the_driver_does() {
        let url = "mysql://re%40der:se%3Acret%@db.example:3307/old?ssl-mode=VERIFY_CA&ssl-ca=%2Fetc%2Fca.pem";
        let address = Address::of(&url.parse().unwrap(), url);
        assert_eq!((address.host.as_str(), address.port), ("db.example", 3307));
        assert_eq!((address.user.as_str(), address.password.as_str()), ("re@der", "se:cret%"));
        assert_eq!(address.trust.mode, Mode::Authority);
        assert_eq!(address.trust.authority, Some(PathBuf::from("/etc/ca.pem")));
    }

    #[test]
    fn a_greeting_names_the_way_and_the_nonce() {
        let greeting = Greeting::read(&greeting()).unwrap();
        assert_eq!(greeting.nonce, b"12345678901234567890");
        assert_eq!(greeting.plugin, b"mysql_native_password");
        assert_ne!(greeting.capabilities & SSL, 0);
    }

    /// The server proves it the other way round: SHA1(nonce + stored) is taken off, and what is left hashes to it.
    #[test]
    fn the_native_proof_is_what_a_server_undoes() {
        let nonce = b"12345678901234567890";
        let answer = scramble(b"mysql_native_password", "secret", nonce, false).unwrap();
        let stored = Sha1::digest(Sha1::digest("secret"));
        let mask = Sha1::new().chain_update(nonce).chain_update(stored).finalize();
        let once: Vec<u8> = answer.iter().zip(mask).map(|(a, b)| a ^ b).collect();
        assert_eq!(Sha1::digest(once), stored);
        assert_eq!(scramble(b"ed25519", "secret", nonce, true), None);
        assert_eq!(scramble(b"mysql_clear_password", "secret", nonce, false), None);
    }

    proptest! {
        #[test]
        fn no_greeting_of_others_panics(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            drop(Greeting::read(&bytes));
        }

        #[test]
        fn a_greeting_cut_off_is_no_greeting_or_one_without_a_way(length in 0_usize..70) {
            let whole = greeting();
            drop(Greeting::read(&whole[..length.min(whole.len())]));
        }
    }
}
