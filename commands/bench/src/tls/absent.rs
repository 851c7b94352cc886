//! What stands in the place of TLS where it was left out: nothing that could exist.

use std::{
    io::{self, Read, Write},
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use kefu_app::{Failure, Text};
use mio::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::usage;

#[derive(Clone, Debug)]
pub(crate) enum Tls {}

#[derive(Debug)]
pub(crate) enum Session {}

#[derive(Debug)]
pub(crate) enum Wrapped {}

impl Tls {
    pub(crate) fn towards(host: &str, _ca_file: Option<&Path>) -> Result<Self, Failure> {
        let text = usage(
            format!("cannot talk to {host} over TLS: this kefu was built without it"),
            format!("无法通过 TLS 访问 {host}: 此 kefu 未包含该功能"),
        );
        Err(text.hint(Text::new("build it with the feature https", "请启用 https 特性重新构建")))
    }

    pub(crate) fn begin(&self, _socket: TcpStream) -> io::Result<Session> {
        match *self {}
    }

    pub(crate) async fn wrap(&self, _socket: tokio::net::TcpStream) -> io::Result<Wrapped> {
        match *self {}
    }
}

impl Session {
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        match *self {}
    }

    pub(crate) fn shake(&mut self) -> io::Result<bool> {
        match *self {}
    }
}

impl Read for Session {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

impl Write for Session {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}

impl AsyncRead for Wrapped {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}

impl AsyncWrite for Wrapped {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        match *self {}
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }
}
