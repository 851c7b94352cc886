use std::path::PathBuf;

use clap::ValueHint;
use kefu_app::{Failure, Text};

use crate::{USAGE, admin::Admin};

/// Who makes the agents of kefu that take part.
#[derive(clap::Args, Clone, Debug)]
pub struct AdminArgs {
    /// Sign in as this admin to make agents
    #[arg(long, value_name = "EMAIL", env = "KEFU_ADMIN_EMAIL", help_heading = "Target")]
    pub admin_email: Option<String>,

    /// The admin's password; better given in a file or in the environment
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "KEFU_ADMIN_PASSWORD",
        hide_env_values = true,
        conflicts_with = "admin_password_file",
        help_heading = "Target"
    )]
    pub admin_password: Option<String>,

    /// Read the admin's password from this file
    #[arg(long, value_name = "FILE", env = "KEFU_ADMIN_PASSWORD_FILE", value_hint = ValueHint::FilePath, help_heading = "Target")]
    pub admin_password_file: Option<PathBuf>,
}

impl AdminArgs {
    /// The admin, if one is named in full.
    pub(crate) fn admin(&self) -> Result<Option<Admin>, Failure> {
        let password = match (&self.admin_password, &self.admin_password_file) {
            (Some(password), _) => Some(password.clone()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    let path = path.display();
                    let message = Text::new(
                        format!("cannot read the admin's password from {path}"),
                        format!("无法从 {path} 读取管理员密码"),
                    );
                    Failure::new(USAGE, message).because(error)
                })?;
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            (None, None) => None,
        };
        Ok(self.admin_email.clone().zip(password).map(|(email, password)| Admin { email, password }))
    }
}
