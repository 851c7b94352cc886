//! The whole interface over a real store, without a socket.

mod access;
mod blocks;
mod customers;
mod doors;
mod hostile;
mod identity;
mod office;
mod oversee;
mod privacy;
mod records;
mod replies;
mod rights;
mod search;
mod second;
mod shadow;
mod tickets;
mod trail;
