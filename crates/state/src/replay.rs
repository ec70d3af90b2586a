//! Replays a recording look by look, so that a keeper's decisions can be made again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use solana_pubkey::Pubkey;

use crate::error::Error;
use crate::mirror::Mirror;
use crate::mirror::recording::{Changes, Record, Recording};
use crate::oracles::Raw;
use crate::pyth::Alternatives;
use crate::{Directory, World, snapshot};

/// Why a replay ends.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file cannot be read or is broken.
    #[error("the recording is broken: {0}")]
    Recording(#[from] std::io::Error),
    /// A recorded account cannot be read.
    #[error(transparent)]
    World(#[from] Error),
}

/// A mirror whose source and readings are a recording.
pub struct Replay {
    recording: Recording,
    alternatives: Alternatives,
    rest: BTreeMap<Pubkey, Raw>,
    /// Slot and changes of a reading of all sub-accounts, until the rest of its look is read.
    snapshot: Option<(u64, Changes)>,
    /// Numbers of markets and banks, when addresses are to be derived.
    listed: Option<(u16, u16)>,
    directory: Arc<Directory>,
    mirror: Option<Mirror>,
}

impl Replay {
    /// Opens a recording at its beginning. `alternatives` are the accounts that the keeper read beside the sponsored
    /// accounts of Pyth feeds.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn open(path: &Path, alternatives: Alternatives) -> std::io::Result<Self> {
        let (recording, directory) = (Recording::open(path)?, Arc::new(Directory::default()));
        let (rest, snapshot, listed, mirror) = (BTreeMap::new(), None, None, None);
        Ok(Self { recording, alternatives, rest, snapshot, listed, directory, mirror })
    }

    /// The wallet of the keeper that recorded.
    #[must_use]
    pub const fn wallet(&self) -> Pubkey {
        self.recording.wallet()
    }

    /// Whether the recording ended within a record, see [`Recording::is_cut`].
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.recording.is_cut()
    }

    /// Addresses of listed markets and banks.
    #[must_use]
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }

    /// The world at the next look; `None` at the end.
    ///
    /// # Errors
    /// [`ReplayError::Recording`] for a broken file, [`ReplayError::World`] for a recorded account that cannot be read.
    pub fn look(&mut self) -> Result<Option<&World>, ReplayError> {
        loop {
            let Some(record) = self.recording.read()? else { return Ok(None) };
            match record {
                Record::Event(event) => {
                    if let Some(mirror) = &mut self.mirror {
                        mirror.apply(event);
                    }
                }
                Record::Snapshot { slot, changes } => self.snapshot = Some((slot, changes)),
                Record::Again { slot, changes } => {
                    if let Some(mirror) = &mut self.mirror {
                        mirror.reread(slot, changes);
                    }
                }
                Record::Learnt(markets, banks) => self.listed = Some((markets, banks)),
                Record::Rest(changes) => {
                    for (address, raw) in changes {
                        match raw {
                            Some(raw) => drop(self.rest.insert(address, raw)),
                            None => drop(self.rest.remove(&address)),
                        }
                    }
                    self.take_in()?;
                    if self.mirror.is_some() {
                        return Ok(self.mirror.as_ref().map(Mirror::world));
                    }
                }
            }
        }
    }

    /// Ends a look as the keeper did.
    fn take_in(&mut self) -> Result<(), Error> {
        if let Some((markets, banks)) = self.listed.take() {
            self.directory = Arc::new(snapshot::learn(&self.rest, markets, banks, &self.alternatives)?);
        }
        let mut world = snapshot::read(&self.directory, &self.rest)?;
        match (self.snapshot.take(), &mut self.mirror) {
            (Some((slot, changes)), mirror) => {
                world.accounts = mirror.as_ref().map(|mirror| mirror.world().accounts.clone()).unwrap_or_default();
                for (address, account) in changes {
                    match account {
                        Some(account) => drop(world.accounts.insert(address, account)),
                        None => drop(world.accounts.remove(&address)),
                    }
                }
                match mirror {
                    Some(mirror) => drop(mirror.snapshot(slot, world)),
                    None => self.mirror = Some(Mirror::new(world)),
                }
            }
            (None, Some(mirror)) => drop(mirror.refresh(world)),
            // A look without sub-accounts has no world.
            (None, None) => {}
        }
        Ok(())
    }
}
