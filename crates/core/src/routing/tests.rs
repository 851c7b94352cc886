//! Routing against a naive model, and a day at a service desk.

mod cases;
mod check;
mod day;
mod model;
mod steps;
