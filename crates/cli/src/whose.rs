//! The sub-account that a command means.

use kedge_client::{FetchError, Found, Read};
use kedge_interface::account::{SubAccountData, name};
use kedge_interface::address;
use solana_pubkey::Pubkey;

use crate::args::Which;
use crate::error::{CliError, Result};
use crate::session::Session;

/// Largest number of accounts in one answer.
const AT_ONCE: usize = 100;

impl Session {
    /// The meant sub-account with its address: by number, by name, or by default the one with the lowest number.
    ///
    /// # Errors
    /// [`CliError::NotFound`] with a remedy.
    pub(crate) async fn account(&self, which: &Which) -> Result<(Pubkey, SubAccountData)> {
        let owner = match which.authority {
            Some(authority) => authority,
            None => self.signer()?,
        };
        let wanted = which.id.as_deref().map(|text| text.parse::<u16>().map_err(|_| text));
        match wanted {
            Some(Ok(id)) => match self.numbered(&owner, id).await? {
                Some(found) => Ok(found),
                None => Err(missing(which, &format!("sub-account {id}"))),
            },
            Some(Err(called)) => self.called(which, &owner, called).await,
            // The first sub-account is the usual one.
            None => match self.numbered(&owner, 0).await? {
                Some(found) => Ok(found),
                None => {
                    let first = self.accounts_of(&owner).await?.into_iter().next();
                    first.map(|found| (found.address, found.data)).ok_or_else(|| missing(which, "sub-account"))
                }
            },
        }
    }

    /// All sub-accounts of an owner by number. Their addresses are derived, for endpoints that do not search.
    ///
    /// # Errors
    /// When the endpoint does not answer.
    pub(crate) async fn accounts_of(&self, owner: &Pubkey) -> Result<Vec<Found<SubAccountData>>> {
        let next = self.client.trader(owner).await?.map_or(0, |trader| trader.next_sub_account);
        let addresses: Vec<Pubkey> = (0..next).map(|id| address::sub_account(owner, id)).collect();
        let mut found = Vec::new();
        for part in addresses.chunks(AT_ONCE) {
            let answered = self.client.sub_accounts_at(part).await?.value;
            let accounts = part.iter().zip(answered).filter_map(|(address, read)| match read {
                Read::Found(data) => Some(Found { address: *address, data }),
                Read::Gone | Read::Unreadable => None,
            });
            found.extend(accounts);
        }
        Ok(found)
    }

    async fn numbered(&self, owner: &Pubkey, id: u16) -> Result<Option<(Pubkey, SubAccountData)>> {
        let at = address::sub_account(owner, id);
        match self.client.sub_account(at).await {
            Ok(account) => Ok(Some((at, account))),
            Err(FetchError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn called(&self, which: &Which, owner: &Pubkey, wanted: &str) -> Result<(Pubkey, SubAccountData)> {
        let all = self.accounts_of(owner).await?;
        let mut found = all.into_iter().filter(|found| name(&found.data.head.name).eq_ignore_ascii_case(wanted));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok((one.address, one.data)),
            (Some(one), Some(other)) => Err(CliError::Usage(format!(
                "sub-accounts {} and {} are both called `{wanted}`: name the number with --account",
                one.data.head.id, other.data.head.id
            ))),
            (None, _) => Err(missing(which, &format!("sub-account called `{wanted}`"))),
        }
    }
}

fn missing(which: &Which, what: &str) -> CliError {
    CliError::NotFound(match which.authority {
        Some(owner) => format!("{owner} has no {what}; `kedge accounts --authority {owner}` lists what is there"),
        None => format!("you have no {what}; `kedge accounts` lists yours, `kedge create` makes one"),
    })
}
