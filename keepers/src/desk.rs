//! A job at work: its plans become parcels.

use std::sync::Arc;

use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::compose::Directory;
use crate::jobs::Job;
use crate::outbox::{Outbox, Parcel};
use crate::{Plan, World};

/// A job, who signs for it, and how much it may do at once.
pub struct Desk {
    /// Number under which its receipts come back.
    pub actor: usize,
    /// Who signs and pays.
    pub signer: Arc<Keypair>,
    /// The job.
    pub job: Box<dyn Job>,
    /// Most plans sent in one tick.
    pub most: usize,
}

impl Desk {
    /// Decides and sends; returns how many transactions were queued.
    pub fn tick(&self, world: &World, directory: &Directory, outbox: &Outbox) -> usize {
        let mut sent = 0;
        for plan in self.job.decide(world) {
            if sent >= self.most {
                break;
            }
            sent += usize::from(send(self.actor, &self.signer, &plan, world, directory, outbox));
        }
        sent
    }
}

/// Sends a plan unless its subject is busy; tells whether it was queued.
pub fn send(
    actor: usize,
    signer: &Arc<Keypair>,
    plan: &Plan,
    world: &World,
    directory: &Directory,
    outbox: &Outbox,
) -> bool {
    let subject = plan.subject();
    if outbox.is_busy(actor, &subject, world.clock.slot) {
        return false;
    }
    let Some(instructions) = directory.instructions(plan, &signer.pubkey()) else { return false };
    outbox.send(Parcel {
        actor,
        subject,
        signer: Arc::clone(signer),
        compute_limit: plan.compute_limit(),
        label: plan.name(),
        instructions,
    });
    true
}
