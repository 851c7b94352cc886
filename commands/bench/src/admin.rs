use std::fmt;

/// Who makes agents.
#[derive(Clone)]
pub(crate) struct Admin {
    pub(crate) email: String,
    pub(crate) password: String,
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("email", &self.email).field("password", &"***").finish()
    }
}
