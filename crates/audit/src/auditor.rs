//! Looks again and again, and believes a break when it is there twice.

use kedge_client::Client;

use super::{Audited, Judge, Rules, Unread, read};

/// An auditor between two looks.
pub struct Auditor {
    client: Client,
    judge: Judge,
}

impl Auditor {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new(client: Client, rules: Rules) -> Self {
        Self { client, judge: Judge::new(rules) }
    }

    /// Reads and adds up; what breaks is read again from a later slot until it is confirmed or gone.
    ///
    /// # Errors
    /// [`Unread`]; then nothing is said, and the next look starts afresh.
    pub async fn look(&mut self) -> Result<Audited, Unread> {
        self.judge.begin();
        let mut least = 0;
        loop {
            let snapshot = read(&self.client, least).await?;
            if let Some(audited) = self.judge.weigh(&snapshot) {
                return Ok(audited);
            }
            least = snapshot.slot.saturating_add(1);
        }
    }
}
