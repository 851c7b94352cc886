//! Whether this process may hold the connections that are asked of it.

use kefu_app::{Exit, Failure, Text};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything but connections.
const MARGIN: u64 = 100;

/// Raises the soft limit of open files as far as needed and allowed.
///
/// # Errors
///
/// The hard limit is below what `connections` need.
pub(crate) fn reserve(connections: u32) -> Result<(), Failure> {
    let needed = u64::from(connections) + MARGIN;
    let limit = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if is_enough(limit.current) {
        return Ok(());
    }
    if is_enough(limit.maximum) {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            return Ok(());
        }
    }
    let most = limit.maximum.unwrap_or(u64::MAX);
    let fits = most.saturating_sub(MARGIN);
    Err(Failure::new(
        Exit::Usage,
        Text::new(
            format!(
                "cannot hold {connections} connections: they take {needed} open files, the limit is {most}"
            ),
            format!("无法保持 {connections} 个连接: 需要打开 {needed} 个文件, 上限为 {most}"),
        ),
    )
    .hint(Text::new(
        format!(
            "raise the hard limit (ulimit -Hn, LimitNOFILE=) here and for the server, or use at most {fits}"
        ),
        format!("请在本机和服务端提高硬限制 (ulimit -Hn, LimitNOFILE=), 或最多使用 {fits} 个"),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_fit_and_the_limit_is_named_when_it_is_passed() {
        assert!(reserve(10).is_ok());
        if let Some(most) = getrlimit(Resource::Nofile).maximum
            && let Ok(most) = u32::try_from(most)
            && let Some(beyond) = most.checked_add(1)
        {
            let line = reserve(beyond).unwrap_err().line(kefu_app::Language::English);
            assert!(line.contains(&format!("the limit is {most};")), "{line}");
        }
    }
}
