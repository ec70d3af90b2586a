//! Reads the exchange again and again; a break counts when two reads in a row find it.

use kedge_client::Client;

use super::{Audited, Judge, Rules, Snapshot, Unread, read};

/// An auditor of one cluster, with what its earlier reads found.
pub struct Auditor {
    client: Client,
    judge: Judge,
}

impl Auditor {
    /// An auditor without any read yet.
    #[must_use]
    pub fn new(client: Client, rules: Rules) -> Self {
        Self { client, judge: Judge::new(rules) }
    }

    /// Reads and adds up. A break is read again from a later slot until it is confirmed or gone.
    ///
    /// # Errors
    /// [`Unread`] when a read fails; the reads of this look are dropped, and the next look starts afresh.
    pub async fn look(&mut self) -> Result<Audited, Unread> {
        self.survey().await.map(|(audited, _)| audited)
    }

    /// The same with the snapshot that was added up.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub async fn survey(&mut self) -> Result<(Audited, Snapshot), Unread> {
        self.judge.begin();
        let mut least = 0;
        loop {
            let snapshot = read(&self.client, least).await?;
            if let Some(audited) = self.judge.weigh(&snapshot) {
                return Ok((audited, snapshot));
            }
            least = snapshot.slot.saturating_add(1);
        }
    }
}
