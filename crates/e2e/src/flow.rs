//! Order flow at a rate: market orders of one size, from one account after the other, with the outcome of each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use kedge_client::Client;
use kedge_interface::account::decode_sub_account;
use kedge_interface::address;
use kedge_interface::instruction::{Instruction, PlaceOrders};
use kedge_model::account::order::{OrderKind, OrderParams, Side};
use kedge_model::quantity::Size;
use kedge_testbed::participants::Participant;
use solana_compute_budget_interface::ComputeBudgetInstruction;
use solana_hash::Hash;
use solana_message::{VersionedMessage, v0};
use solana_pubkey::Pubkey;
use solana_rpc_client_api::config::RpcSendTransactionConfig;
use solana_signer::Signer;
use solana_transaction::versioned::VersionedTransaction;
use tokio::task::JoinSet;

/// The market: SOL-PERP.
const MARKET: u16 = 0;
/// Coins of an order, in base units: ten times the smallest.
const SIZE: Size = Size(1_000_000_000);
/// Compute limit of placing an order, units.
const LIMIT: u32 = 30_000;
/// Time between two reads of the accounts with an order under way.
const LOOK_EVERY: Duration = Duration::from_millis(400);
/// Greatest age of a blockhash that is signed with.
const HASH_AGE: Duration = Duration::from_secs(10);
/// Time after which an order that is not on the chain is lost and an open one is late: twenty slots of 400 ms.
const PATIENCE: Duration = Duration::from_secs(8);

/// An order under way.
#[derive(Clone, Copy)]
struct Sent {
    at: Instant,
    /// Signed base of the account before the order.
    base: i64,
    /// Slot in which the order became active, once it is on the chain.
    active: Option<u64>,
}

/// Outcomes of a flow's orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    /// Orders that were sent.
    pub sent: u64,
    /// Orders that the endpoint refused.
    pub refused: u64,
    /// Orders that were filled.
    pub filled: u64,
    /// Orders that ended without a fill, or were still under way after eight seconds.
    pub unfilled: u64,
    /// Slots from the one in which an order became active to the look that saw it filled.
    pub slots: Vec<u64>,
}

/// Accounts that place orders in turn.
pub(crate) struct Flow<'a> {
    client: Client,
    accounts: &'a [Participant],
    next: usize,
    /// Orders signed so far: the client's ids, without which two equal orders on one blockhash were one transaction.
    signed: u32,
    hash: Option<(Hash, Instant)>,
    under_way: BTreeMap<usize, Sent>,
    bases: Vec<i64>,
}

impl<'a> Flow<'a> {
    /// Order flow of accounts without a position.
    pub(crate) fn new(client: Client, accounts: &'a [Participant]) -> Self {
        Self {
            client,
            accounts,
            next: 0,
            signed: 0,
            hash: None,
            under_way: BTreeMap::new(),
            bases: vec![0; accounts.len()],
        }
    }

    /// Sends `rate` orders a second for some time.
    ///
    /// # Errors
    /// When the endpoint gives no blockhash.
    pub(crate) async fn run(&mut self, rate: f64, time: Duration) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        let mut sending = JoinSet::new();
        let (started, mut looked) = (Instant::now(), Instant::now());
        while started.elapsed() < time {
            let due = (started.elapsed().as_secs_f64() * rate) as u64;
            while outcome.sent < due {
                let Some(transaction) = self.order().await? else { break };
                outcome.sent += 1;
                let client = self.client.clone();
                sending.spawn(async move {
                    let config =
                        RpcSendTransactionConfig { skip_preflight: true, ..RpcSendTransactionConfig::default() };
                    client.rpc().send_transaction_with_config(&transaction, config).await.is_ok()
                });
            }
            while let Some(sent) = sending.try_join_next() {
                outcome.refused += u64::from(!sent?);
            }
            if looked.elapsed() >= LOOK_EVERY {
                self.look(&mut outcome).await;
                looked = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while let Some(sent) = sending.join_next().await {
            outcome.refused += u64::from(!sent?);
        }
        Ok(outcome)
    }

    /// Waits for the orders under way.
    pub(crate) async fn settle(&mut self, outcome: &mut Outcome) {
        while !self.under_way.is_empty() {
            self.look(outcome).await;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        outcome.slots.sort_unstable();
    }

    /// The next account's order, signed; `None` when every account has an order under way. An account that is long
    /// sells.
    async fn order(&mut self) -> Result<Option<VersionedTransaction>> {
        let count = self.accounts.len();
        let places = (0..count).map(|step| (self.next + step) % count);
        let Some(place) = places.into_iter().find(|place| !self.under_way.contains_key(place)) else { return Ok(None) };
        self.next = place + 1;
        let hash = match self.hash {
            Some((hash, since)) if since.elapsed() < HASH_AGE => hash,
            _ => {
                let hash = self.client.rpc().get_latest_blockhash().await?;
                self.hash = Some((hash, Instant::now()));
                hash
            }
        };
        let (member, base) = (&self.accounts[place], self.bases[place]);
        let side = match base {
            0 if place.is_multiple_of(2) => Side::Long,
            0 => Side::Short,
            _ if base > 0 => Side::Short,
            _ => Side::Long,
        };
        self.under_way.insert(place, Sent { at: Instant::now(), base, active: None });
        self.signed = self.signed.wrapping_add(1);
        Ok(Some(sign(member, side, self.signed, hash)?))
    }

    /// Reads the accounts with an order under way. The next read makes up for a failed one.
    async fn look(&mut self, outcome: &mut Outcome) {
        let places: Vec<usize> = self.under_way.keys().copied().collect();
        for part in places.chunks(100) {
            let addresses: Vec<Pubkey> = part.iter().map(|place| self.accounts[*place].account).collect();
            let (Ok(found), Ok(clock)) = (self.client.accounts(&addresses).await, self.client.clock().await) else {
                continue;
            };
            for (place, account) in part.iter().zip(found) {
                let Some(account) = account.and_then(|account| decode_sub_account(&account.data).ok()) else {
                    continue;
                };
                let base = account.head.position(MARKET).map_or(0, |position| position.base.0);
                let open = account.open_orders().next().map(|(_, order)| order.activation_slot);
                self.note(*place, base, open, clock.slot, outcome);
            }
        }
    }

    /// Notes the order's outcome from the account's base and open order.
    fn note(&mut self, place: usize, base: i64, open: Option<u64>, slot: u64, outcome: &mut Outcome) {
        let Some(sent) = self.under_way.get_mut(&place) else { return };
        let late = sent.at.elapsed() >= PATIENCE;
        if open.is_some() && !late {
            sent.active = open;
            return;
        }
        let was_open = sent.active.is_some();
        if base != sent.base {
            outcome.filled += 1;
            outcome.slots.extend(sent.active.map(|active| slot.saturating_sub(active)));
        } else if was_open || late {
            outcome.unfilled += 1;
        } else {
            // Not on the chain yet.
            return;
        }
        self.bases[place] = base;
        self.under_way.remove(&place);
    }
}

/// A market order of the account, through the default auction.
fn sign(member: &Participant, side: Side, client_id: u32, hash: Hash) -> Result<VersionedTransaction> {
    let order = OrderParams {
        market: MARKET,
        kind: OrderKind::Market as u8,
        side: side as u8,
        size: SIZE,
        client_id: client_id.into(),
        ..OrderParams::default()
    };
    let (signer, market) = (member.wallet.pubkey(), address::market(MARKET));
    let place: Instruction = PlaceOrders { signer, market, sub_account: member.account, orders: vec![order] }.into();
    let limit = ComputeBudgetInstruction::set_compute_unit_limit(LIMIT);
    let message = v0::Message::try_compile(&signer, &[limit, place], &[], hash)?;
    Ok(VersionedTransaction::try_new(VersionedMessage::V0(message), &[&*member.wallet])?)
}

/// An account of the flow, see [`kedge_testbed::participants`].
pub(crate) fn account(number: usize, bytes: [u8; 32]) -> Participant {
    let wallet = Arc::new(solana_keypair::Keypair::new_from_array(bytes));
    let account = address::sub_account(&wallet.pubkey(), 0);
    Participant {
        wallet,
        account,
        role: kedge_testbed::participants::Role::Taker,
        style: None,
        name: format!("flow-{number}"),
        deposit: 10_000,
        orders: 4,
    }
}
