//! The `kefu` program.

fn main() -> std::process::ExitCode {
    kefu::main(std::env::args_os())
}
