use kefu_app::{App, Failure};

use super::{Ended, Follow, Work, copier::Copier};
use crate::{
    check::{Plan, Sources},
    follow::{FollowEnded, Following, Positions},
    settings::Settings,
};

impl Copier<'_> {
    /// Takes positions, copies what is not behind them, and brings changes over until somebody stops it.
    pub(super) async fn all_and_follow(
        &mut self,
        app: &App,
        settings: &Settings,
        sources: &Sources,
        plan: &Plan,
        work: &Work,
    ) -> Result<Ended, Failure> {
        let positions =
            Positions::take(&mut self.importer, settings, sources, work.follow == Follow::Anew).await?;
        self.since = positions.since();
        let copied = tokio::select! {
            copied = self.all(settings, sources, plan, work, app.stop()) => copied?,
            failure = positions.watch(sources) => return Err(failure),
        };
        if !matches!(copied, Ended::AtEnd) {
            return Ok(copied);
        }
        self.progress.end();
        let writing = (&mut self.importer, &mut self.letters);
        let mut following = Following::open(app, settings, sources, plan, writing, positions).await?;
        let ended = following.run(None, &app.stop()).await?;
        self.dead += following.close().await?;
        Ok(match ended {
            FollowEnded::AtEnd => Ended::AtEnd,
            FollowEnded::Stopped => Ended::Stopped,
            FollowEnded::TooMany => Ended::TooMany,
        })
    }
}
