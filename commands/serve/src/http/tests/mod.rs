//! The whole interface over a real store, without a socket.

mod access;
mod doors;
mod hostile;
mod identity;
mod office;
mod rights;
mod second;
mod trail;
