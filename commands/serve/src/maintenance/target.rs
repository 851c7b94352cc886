use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use kefu_app::{
    Exit, Failure,
    Language::{Chinese, English},
    Text,
};
use kefu_store::StoreError;

use crate::{clock, opening::store_failure};

/// The file that a backup becomes: the named one, or one named after the time, in the named directory or here.
///
/// # Errors
/// When no file can be made under that name, or one is there already.
pub(super) fn choose(to: Option<&Path>, store: &Path) -> Result<PathBuf, Failure> {
    let file = match to {
        None => by_time().into(),
        Some(dir) if dir.is_dir() => dir.join(by_time()),
        Some(file) => file.to_owned(),
    };
    check(&file, store)?;
    Ok(file)
}

fn by_time() -> String {
    let now = jiff::Timestamp::from_microsecond(clock::now().0).unwrap_or_default();
    now.strftime("kefu-%Y%m%dT%H%M%SZ.db").to_string()
}

fn check(file: &Path, store: &Path) -> Result<(), Failure> {
    let dir = directory(file);
    let place = dir.display();
    match fs::metadata(dir) {
        Ok(found) if found.is_dir() => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let why =
                Text::new(format!("the directory {place} does not exist"), format!("目录 {place} 不存在"));
            let hint = Text::new(
                "make the directory first, or name another file with --to",
                "请先创建该目录,或用 --to 指定其他文件",
            );
            return Err(cannot_write(file, Some(why)).hint(hint));
        }
        Err(error) if error.kind() != ErrorKind::NotADirectory => {
            return Err(cannot_write(file, None).because(error).hint(elsewhere()));
        }
        Ok(_) | Err(_) => {
            let why = Text::new(format!("{place} is not a directory"), format!("{place} 不是目录"));
            return Err(cannot_write(file, Some(why)).hint(elsewhere()));
        }
    }
    if kefu_store::is_own_file(store, file) {
        let why = Text::new("it belongs to the store itself", "该文件属于数据库本身");
        return Err(cannot_write(file, Some(why)).hint(elsewhere()));
    }
    // A link that leads nowhere is there, too: the copy would take its place.
    if [file, &kefu_store::backup_files(file)].iter().any(|name| name.symlink_metadata().is_ok()) {
        let why = Text::new("it exists already", "文件已存在");
        return Err(cannot_write(file, Some(why)).hint(elsewhere()));
    }
    Ok(())
}

/// The directory that must exist; a name that ends in a slash means one.
fn directory(file: &Path) -> &Path {
    let named_as_directory = file.as_os_str().as_encoded_bytes().ends_with(b"/");
    match file.parent() {
        _ if named_as_directory => file,
        Some(dir) if dir != Path::new("") => dir,
        _ => Path::new("."),
    }
}

/// Says why no backup was made: the trouble is with `file`, or with the store in `store`.
pub(super) fn failure(file: &Path, store: &Path, error: StoreError) -> Failure {
    // The copy has a longer name until it is whole.
    let is_of_copy =
        |path: &Path| path.as_os_str().as_encoded_bytes().starts_with(file.as_os_str().as_encoded_bytes());
    match error {
        StoreError::NotWritable { path, source } if is_of_copy(&path) => {
            let hint = Text::new(
                "let this user write there, or name another file with --to",
                "请授予当前用户写入权限,或用 --to 指定其他文件",
            );
            cannot_write(file, None).because(source).hint(hint)
        }
        // Nothing else grows while a store is copied.
        StoreError::Full => {
            let why = Text::new("no space is left for it", "磁盘空间不足");
            let hint = Text::new(
                "free some space on that disk, or name a file on another one with --to",
                "请清理该磁盘空间,或用 --to 指定其他磁盘上的文件",
            );
            refused(Exit::Io, file, Some(why)).hint(hint)
        }
        other => store_failure(store, other),
    }
}

fn elsewhere() -> Text {
    Text::new("name another file with --to", "请用 --to 指定其他文件")
}

fn cannot_write(file: &Path, why: Option<Text>) -> Failure {
    refused(Exit::Create, file, why)
}

fn refused(exit: Exit, file: &Path, why: Option<Text>) -> Failure {
    let name = file.display();
    let (mut english, mut chinese) = (format!("cannot write {name}"), format!("无法写入 {name}"));
    if let Some(why) = why {
        english.push_str(&format!(": {}", why.in_language(English)));
        chinese.push_str(&format!(":{}", why.in_language(Chinese)));
    }
    Failure::new(exit, Text::new(english, chinese))
}

#[cfg(test)]
mod tests {
    use std::{io, os::unix::fs::symlink};

    use super::*;

    fn line(failure: &Failure) -> String {
        failure.line(English)
    }

    #[test]
    fn what_cannot_become_a_backup_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("data");
        fs::create_dir(&store).unwrap();
        fs::write(dir.path().join("old.db"), "").unwrap();
        symlink(dir.path().join("nowhere"), dir.path().join("link.db")).unwrap();
        let place = dir.path().display();
        let cases = [
            (
                "missing/x.db",
                format!("the directory {place}/missing does not exist; make the directory first"),
            ),
            ("missing/", format!("the directory {place}/missing/ does not exist; make the directory first")),
            ("old.db/x.db", format!("{place}/old.db is not a directory; name another file")),
            ("old.db/", format!("{place}/old.db/ is not a directory; name another file")),
            ("old.db", "it exists already; name another file".to_owned()),
            ("link.db", "it exists already; name another file".to_owned()),
            ("data/kefu.db", "it belongs to the store itself; name another file".to_owned()),
            ("data/kefu.db-wal", "it belongs to the store itself; name another file".to_owned()),
        ];
        for (name, why) in cases {
            let file = dir.path().join(name);
            let failure = choose(Some(&file), &store).unwrap_err();
            assert_eq!(failure.exit(), Exit::Create, "{name}");
            let expected = format!("cannot write {}: {why}", file.display());
            assert!(line(&failure).starts_with(&expected), "{}\n{expected}", line(&failure));
        }
        assert_eq!(choose(Some(&dir.path().join("new.db")), &store).unwrap(), dir.path().join("new.db"));
        let named = choose(Some(&store), &store).unwrap();
        assert!(named.parent() == Some(&store) && named.to_string_lossy().ends_with("Z.db"), "{named:?}");
    }

    #[test]
    fn trouble_with_the_copy_is_not_blamed_on_the_store() {
        let (file, store) = (Path::new("/backup/x.db"), Path::new("/data"));
        let denied = || io::Error::from(ErrorKind::PermissionDenied).into();
        let copy = StoreError::NotWritable { path: "/backup/x.db.partial".into(), source: denied() };
        let failed = failure(file, store, copy);
        assert_eq!(failed.exit(), Exit::Create);
        assert_eq!(
            line(&failed),
            "cannot write /backup/x.db: permission denied; let this user write there, or name another file with --to"
        );
        let failed = failure(file, store, StoreError::Full);
        assert_eq!(failed.exit(), Exit::Io);
        assert!(line(&failed).starts_with("cannot write /backup/x.db: no space is left for it; "));
        let own = StoreError::NotWritable { path: "/data/kefu.db".into(), source: denied() };
        assert!(line(&failure(file, store, own)).starts_with("cannot use the store in /data: "));
        let missing = failure(file, store, StoreError::Missing("/data/kefu.db".into()));
        assert_eq!(missing.exit(), Exit::Unavailable);
    }
}
