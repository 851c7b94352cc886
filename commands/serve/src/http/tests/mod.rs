//! The whole interface over a real store, without a socket.

mod access;
mod articles;
mod blocks;
mod customers;
mod doors;
mod files;
mod hostile;
mod identity;
mod office;
mod oversee;
mod records;
mod replies;
mod rights;
mod search;
mod second;
mod shadow;
mod tickets;
mod trail;

pub(crate) use office::{Ask, Office};
