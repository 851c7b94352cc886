//! The whole interface over a real store, without a socket.

mod access;
mod blocks;
mod customers;
mod doors;
mod files;
mod hostile;
mod identity;
mod office;
mod records;
mod replies;
mod rights;
mod search;
mod second;
mod tickets;
mod trail;
