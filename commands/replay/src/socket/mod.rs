//! WebSocket sessions of a recording, each over a connection of its own.

mod link;
mod matching;
mod session;

pub(crate) use self::{
    link::Link,
    matching::Matching,
    session::{Figures, Held, Means, Next, Session},
};
