//! One SQL query behind one route, written by hand: what `scripts/bench-query` holds the data layer's plain query against.
//!
//!   by-hand mysql://user:password@127.0.0.1:3306/kefu PORT

use axum::{Json, Router, extract::State, routing::post};
use serde::{Deserialize, Serialize};
use sqlx::{MySqlPool, Row as _, mysql::MySqlPoolOptions};

#[derive(Deserialize)]
struct Body {
    variables: Variables,
}

#[derive(Deserialize)]
struct Variables {
    after: i32,
    first: i32,
}

#[derive(Serialize)]
struct Answer {
    data: Data,
}

#[derive(Serialize)]
struct Data {
    users: Vec<User>,
}

#[derive(Serialize)]
struct User {
    id: i32,
    name: String,
    level: i32,
}

async fn users(State(pool): State<MySqlPool>, Json(body): Json<Body>) -> Json<Answer> {
    let rows = sqlx::query("SELECT id, name, level FROM users WHERE id > ? ORDER BY id LIMIT ?")
        .bind(body.variables.after)
        .bind(body.variables.first)
        .fetch_all(&pool)
        .await
        .expect("the database answers");
    let users = rows.iter().map(|row| User { id: row.get(0), name: row.get(1), level: row.get(2) });
    Json(Answer { data: Data { users: users.collect() } })
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let url = args.next().expect("the first argument is the database");
    let port = args.next().and_then(|port| port.parse().ok()).expect("the second argument is a port");
    let pool = MySqlPoolOptions::new().max_connections(16).test_before_acquire(false).connect(&url).await.expect("the database is there");
    let router = Router::new().route("/graphql", post(users)).with_state(pool);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.expect("the port is free");
    axum::serve(listener, router).await.expect("it serves until it is killed");
}
