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
        if self.is_again && Positions::are_cut_over(&mut self.target.sink, settings).await? {
            return Ok(Ended::AtEnd);
        }
        let positions =
            Positions::take(&mut self.target.sink, settings, sources, work.follow == Follow::Anew).await?;
        self.since = positions.since();
        let copied = tokio::select! {
            copied = self.all(settings, sources, plan, work, app.stop()) => copied?,
            failure = positions.watch(sources) => return Err(failure),
        };
        if !matches!(copied, Ended::AtEnd) {
            return Ok(copied);
        }
        self.progress.end();
        let writing = (&mut self.target.sink, &mut self.letters);
        let mut following = Following::open(app, settings, sources, plan, writing, positions).await?;
        let ended = following.run(None, &app.stop()).await?;
        self.dead += following.close().await?;
        Ok(match ended {
            FollowEnded::AtEnd => Ended::AtEnd,
            FollowEnded::Stopped => Ended::Stopped,
            FollowEnded::TooMany => Ended::TooMany,
            FollowEnded::HandedOver => Ended::HandedOver,
        })
    }
}
