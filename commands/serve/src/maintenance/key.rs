//! `kefu serve rotate-key`.

use std::path::Path;

use kefu_app::{App, Exit, Failure, Format, Text};
use rustix::process::{Pid, Signal, kill_process};

use super::json;
use crate::{
    args::RotateKeyArgs,
    auth::{Secrets, SecretsError},
    opening::store_failure,
    settings::Settings,
};

pub(crate) fn rotate_key(app: &App, args: &RotateKeyArgs) -> Result<Exit, Failure> {
    let settings = Settings::load_for_care(app, args.data_dir.as_ref())?;
    if settings.secret_key.is_some() {
        return Err(Failure::new(
            Exit::Config,
            Text::new("the secret key is set by serve.secret_key", "密钥由 serve.secret_key 设置"),
        )
        .hint(Text::new(
            "append a comma and the new key there, and restart",
            "请在该设置后追加逗号和新密钥,并重新启动",
        )));
    }
    let dir = settings.store_dir()?;
    let keys = Secrets::rotate(&dir).map_err(|error| failure(&dir, error))?;
    let daemon = kefu_store::holder(&dir).map_err(|error| store_failure(&dir, error))?;
    let told = daemon.filter(|pid| tell(*pid));
    app.print(&match args.format {
        Format::Text => text(keys, daemon, told),
        Format::Json => json(&serde_json::json!({
            "data_dir": dir.display().to_string(),
            "keys": keys,
            "process": daemon,
            "told": told.is_some(),
        })),
    })?;
    Ok(Exit::Ok)
}

/// Has the daemon read the keys again. It holds the lock of the store, and it took that after it began to listen to
/// this signal.
fn tell(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, Signal::HUP).is_ok())
}

fn text(keys: usize, daemon: Option<u32>, told: Option<u32>) -> String {
    let then = match (daemon, told) {
        (_, Some(pid)) => format!("process {pid} seals everything anew"),
        (Some(pid), None) => format!("process {pid} cannot be told: send it SIGHUP, or restart it"),
        (None, None) => "the next start seals everything anew".to_owned(),
    };
    format!("a new secret key was added, which makes {keys}; {then}\n")
}

fn failure(dir: &Path, error: SecretsError) -> Failure {
    let place = dir.display();
    let hint = match &error {
        SecretsError::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => Text::new(
            "another rotation is under way; if none is, remove secret.key.new",
            "另一次轮换正在进行;若没有,请删除 secret.key.new",
        ),
        SecretsError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Text::new(
            "start `kefu serve` once: it makes the first key",
            "请先启动一次 `kefu serve`:它会创建第一个密钥",
        ),
        _ => Text::new("restore or repair the file", "请恢复或修复该文件"),
    };
    Failure::new(
        Exit::Create,
        Text::new(format!("cannot add a secret key in {place}"), format!("无法在 {place} 中添加密钥")),
    )
    .because(error)
    .hint(hint)
}

#[cfg(test)]
mod tests {
    use kefu_app::Language;

    use super::*;

    #[test]
    fn what_happens_next_is_said() {
        assert!(text(2, None, None).ends_with("makes 2; the next start seals everything anew\n"));
        assert!(text(2, Some(7), Some(7)).ends_with("process 7 seals everything anew\n"));
        assert!(text(2, Some(7), None).contains("send it SIGHUP"));
    }

    #[test]
    fn a_missing_key_is_not_made_here() {
        let dir = tempfile::tempdir().unwrap();
        let failure = failure(dir.path(), Secrets::rotate(dir.path()).unwrap_err());
        assert_eq!(failure.exit(), Exit::Create);
        assert!(failure.line(Language::English).contains("makes the first key"), "{failure:?}");
    }
}
