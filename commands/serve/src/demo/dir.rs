use std::{
    fs,
    path::{Path, PathBuf},
};

use kefu_app::{Exit, Failure, Text};

/// Where a demo keeps its store.
#[derive(Debug)]
pub(crate) struct DemoDir {
    path: PathBuf,
    is_thrown_away: bool,
}

impl DemoDir {
    /// The directory that was asked for, which stays.
    pub(crate) fn kept(path: PathBuf) -> Self {
        Self { path, is_thrown_away: false }
    }

    /// A new directory that only this user can look into; it is deleted with this value.
    ///
    /// # Errors
    /// When none can be made.
    pub(crate) fn throw_away() -> Result<Self, Failure> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(Failure::internal)?;
        let path = std::env::temp_dir().join(format!("kefu-demo-{:016x}", u64::from_le_bytes(random)));
        make(&path).map_err(|error| {
            let name = path.display();
            Failure::new(
                Exit::Create,
                Text::new(format!("cannot make the directory {name}"), format!("无法创建目录 {name}")),
            )
            .because(error)
            .hint(Text::new("name another one with --data-dir", "请用 --data-dir 指定其他目录"))
        })?;
        Ok(Self { path, is_thrown_away: true })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

impl Drop for DemoDir {
    fn drop(&mut self) {
        if self.is_thrown_away
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(path = %self.path.display(), error, "the demo's directory is left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throw_away_directory_goes_and_a_named_one_stays() {
        let demo = DemoDir::throw_away().unwrap();
        let path = demo.path().to_owned();
        fs::write(path.join("kefu.db"), "data").unwrap();
        drop(demo);
        assert!(!path.exists());
        let dir = tempfile::tempdir().unwrap();
        drop(DemoDir::kept(dir.path().to_owned()));
        assert!(dir.path().exists());
    }
}
