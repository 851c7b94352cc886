use crate::TeamKey;

/// How many entries are gathered before repeats are dropped.
const STALE_MAX: usize = 1024;

/// Teams that something has changed for; `None` stands for what waits for anybody.
#[derive(Debug, Default)]
pub(super) struct Stale(Vec<Option<TeamKey>>);

impl Stale {
    pub(super) fn add(&mut self, team: Option<TeamKey>) {
        if self.0.last() == Some(&team) {
            return;
        }
        if self.0.len() >= STALE_MAX {
            self.dedup();
        }
        self.0.push(team);
    }

    /// All of them, each once, and forgets them.
    pub(super) fn take(&mut self) -> Vec<Option<TeamKey>> {
        self.dedup();
        std::mem::take(&mut self.0)
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn dedup(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
    }
}
