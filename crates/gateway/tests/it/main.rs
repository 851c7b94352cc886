//! Bridges in process, on real sockets: what one converts, another converts back.

mod faults;
mod files;
mod limits;
mod peers;
mod soap;
mod support;
mod thrift;
