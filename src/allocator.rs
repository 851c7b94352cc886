//! The allocator of the whole program: the system's takes a quarter more processor time for each message, and musl's is
//! slow with several threads. How it is tuned is in `kefu_app`'s `memory.rs`.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
