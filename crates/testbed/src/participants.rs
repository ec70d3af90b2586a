//! Wallets and their roles.

use std::sync::Arc;

use kedge_interface::address;
use serde::Serialize;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use crate::order_flow::Style;
use crate::random::Random;

/// Role of a participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Fills orders for the reward.
    Filler,
    /// Liquidates accounts.
    Liquidator,
    /// Joins auctions.
    Jit,
    /// Keeps resting orders.
    Maker,
    /// Trades in one of the styles.
    Taker,
}

impl Role {
    /// Name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Filler => "filler",
            Self::Liquidator => "liquidator",
            Self::Jit => "JIT makers",
            Self::Maker => "resting maker",
            Self::Taker => "takers",
        }
    }
}

/// A wallet with a sub-account.
#[derive(Clone)]
pub struct Participant {
    /// Signs and pays.
    pub wallet: Arc<Keypair>,
    /// Its sub-account.
    pub account: Pubkey,
    /// Role of the wallet.
    pub role: Role,
    /// Trading style; takers only.
    pub style: Option<Style>,
    /// Name of the sub-account.
    pub name: String,
    /// First deposit, dollars.
    pub deposit: u64,
    /// Order slots of the sub-account.
    pub orders: u16,
}

/// The wallets of an exchange.
pub struct Participants {
    /// Creates the exchange, lists its markets and funds the pools.
    pub admin: Arc<Keypair>,
    /// Signs for the jobs without an account: oracle, amm, funding, settler.
    pub crank: Arc<Keypair>,
    /// The quote mint.
    pub mint: Arc<Keypair>,
    /// A funded trader that no job drives: for a visitor that trades while the exchange runs.
    pub visitor: Arc<Keypair>,
    /// A wallet for a visitor's own keeper or maker.
    pub operator: Arc<Keypair>,
    /// Wallets with a sub-account, takers last.
    pub members: Vec<Participant>,
}

impl Participants {
    /// A filler, a liquidator, two JIT makers, a resting maker and `takers` takers: the same wallets for the same seed.
    #[must_use]
    pub fn new(seed: u64, takers: usize) -> Self {
        let mut random = Random::new(seed, 1);
        let mut wallet = || Arc::new(Keypair::new_from_array(random.bytes()));
        let (admin, crank, mint, visitor) = (wallet(), wallet(), wallet(), wallet());
        let operator = Arc::new(Keypair::new_from_array(Random::new(seed, 3).bytes()));
        let mut members = Vec::new();
        let mut add = |role, style, name: String, deposit, orders| {
            let wallet = wallet();
            let account = address::sub_account(&wallet.pubkey(), 0);
            members.push(Participant { wallet, account, role, style, name, deposit, orders });
        };
        add(Role::Filler, None, "filler".into(), 1_000, 4);
        add(Role::Liquidator, None, "liquidator".into(), 5_000_000, 8);
        add(Role::Jit, None, "jit-1".into(), 2_000_000, 4);
        add(Role::Jit, None, "jit-2".into(), 3_000_000, 4);
        add(Role::Maker, None, "maker".into(), 4_000_000, 32);
        let mut choices = Random::new(seed, 2);
        for index in 0..takers {
            let style = Style::ALL[index % Style::ALL.len()];
            let (low, high) = style.deposit();
            let deposit = choices.between(low, high) as u64;
            add(Role::Taker, Some(style), format!("{}-{}", style.name(), index / Style::ALL.len() + 1), deposit, 8);
        }
        Self { admin, crank, mint, visitor, operator, members }
    }

    /// The first participant with a role.
    #[must_use]
    pub fn first(&self, role: Role) -> Option<&Participant> {
        self.members.iter().find(|member| member.role == role)
    }
}
