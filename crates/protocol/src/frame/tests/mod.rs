mod client;
mod server;
mod timestamp;
