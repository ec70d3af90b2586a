//! The exchange before its operator is gone.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use kedge_client::Sender;
use kedge_interface::address::{self, token_account};
use kedge_interface::instruction::{Instruction, PlaceAndTake, PlaceOrders, RefreshPrices, SetPaused, Stake};
use kedge_localnet::{Localnet, LocalnetConfig};
use kedge_model::account::exchange::{FeeSchedule, operation};
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::MakerRef;
use kedge_model::quantity::Price;
use kedge_state::pyth::feed_address;
use kedge_testbed::bootstrap;
use kedge_testbed::cluster::local;
use kedge_testbed::feed_writer::FeedWriter;
use kedge_testbed::listing::{self, COINS, dollars, feeds, pools};
use kedge_testbed::participants::{Participant, Participants, Role};
use kedge_testbed::recorded::{RecordedPrices, Scenario};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

/// Wall time of a slot, and what the exchange takes for one.
pub(crate) const SLOT: Duration = Duration::from_millis(400);
/// Dollars that the liquidator stakes with the insurance.
const STAKE: u64 = 10_000;
/// Seed of the wallets.
const SEED: u64 = 7;

/// A chain with the exchange and those who use it.
pub(crate) struct Venue {
    pub(crate) localnet: Arc<Localnet>,
    pub(crate) participants: Participants,
    /// Has SOL for fees, and no role.
    pub(crate) somebody: Arc<Keypair>,
    feeds: Option<FeedWriter>,
}

impl Venue {
    /// A chain, three markets with funded pools, five accounts with deposits.
    pub(crate) async fn open(program: &Path) -> Result<Self> {
        println!(
            "1. A local chain; the exchange lists {}; five accounts deposit.",
            COINS.map(|coin| coin.name).join(", ")
        );
        let prices = RecordedPrices::open(Path::new("."), Scenario::Quiet, None, 60)?;
        let config = LocalnetConfig {
            slot_time: Duration::from_millis(50),
            genesis_time: Some(prices.start),
            time_rate: 0.0,
            ..LocalnetConfig::default()
        };
        let localnet = Arc::new(local::start(&config)?);
        local::deploy(&localnet, program)?;
        let participants = Participants::new(SEED, 0);
        let (admin, mint) = (participants.admin.pubkey(), participants.mint.pubkey());
        localnet.create_mint(mint, 6, admin)?;
        let _ = local::fund(&localnet, admin, mint, pools())?;
        let listing = listing::listing(&prices, 1.0, FeeSchedule::initial());
        bootstrap::list(&local::sender(&localnet, &participants.admin), mint, &listing).await?;
        local::onboard(&localnet, &participants).await?;
        let start = prices.start;
        let price = move |index: usize, _| prices.paths.get(index).map_or(0.0, |path| path.price(start * 1_000));
        let writer = FeedWriter::start(Arc::clone(&localnet), feeds().to_vec(), price)?;
        bootstrap::open(&local::sender(&localnet, &participants.admin), &feeds()).await?;
        let somebody = Arc::new(Keypair::new_from_array([77; 32]));
        localnet.airdrop(somebody.pubkey(), local::LAMPORTS)?;
        Ok(Self { localnet, participants, somebody, feeds: Some(writer) })
    }

    /// A sender for a wallet.
    pub(crate) fn sender(&self, wallet: &Arc<Keypair>) -> Sender {
        local::sender(&self.localnet, wallet)
    }

    /// Token account of an owner.
    pub(crate) fn tokens_of(&self, owner: &Pubkey) -> Pubkey {
        token_account(owner, &self.participants.mint.pubkey())
    }

    /// Tokens in the quote bank's vault.
    pub(crate) fn vault(&self) -> Result<u64> {
        let account = self.localnet.account(address::vault(0))?.context("the vault is there")?;
        let amount = account.data.get(64..72).and_then(|bytes| bytes.try_into().ok()).context("a token account")?;
        Ok(u64::from_le_bytes(amount))
    }

    fn member(&self, role: Role) -> Result<&Participant> {
        self.participants.first(role).context("a participant of every role")
    }

    /// Trades between two of them in every market, an order that rests, a stake.
    pub(crate) async fn trade(&mut self) -> Result<()> {
        println!("2. Two of them trade in every market, an order rests, and one stakes with the insurance.");
        let (long, short) = (self.member(Role::Jit)?, self.member(Role::Maker)?);
        for (market, coins) in [(0u16, 100.0), (1, 0.5), (2, 10.0)] {
            let offer = self.place(short, market, Side::Short, coins, 1.0).await?;
            self.take(long, short, market, coins, offer).await?;
            println!(
                "   {} is long of {coins} {}, {} is short",
                long.name,
                COINS[usize::from(market)].name,
                short.name
            );
        }
        let _ = self.place(short, 0, Side::Long, 10.0, 0.5).await?;
        let staker = self.member(Role::Liquidator)?;
        let (owner, amount) = (staker.wallet.pubkey(), dollars(STAKE).0);
        local::fund(&self.localnet, owner, self.participants.mint.pubkey(), STAKE)?;
        let stake = Stake::of(owner, self.tokens_of(&owner), amount, 0);
        self.sender(&staker.wallet).send(&[stake.into()], &[]).await.context("a stake")?;
        println!("   the vault holds {:.2} dollars", self.vault()? as f64 / 1e6);
        Ok(())
    }

    /// The row's price, times a part of it, in ticks.
    async fn price(&self, market: u16, part: f64) -> Result<Price> {
        const TICK: u64 = 100_000;
        let board = self.sender(&self.somebody).client().board().await?;
        let oracle = board.market(market)?.price.price.0;
        Ok(Price((oracle as f64 * part) as u64 / TICK * TICK))
    }

    /// Places an order that rests at a part of the row's price; returns its id.
    async fn place(&self, member: &Participant, market: u16, side: Side, coins: f64, part: f64) -> Result<u32> {
        let order = OrderParams {
            market,
            kind: OrderKind::Limit as u8,
            side: side as u8,
            flags: flags::POST_ONLY,
            size: listing::size(coins),
            price: self.price(market, part).await?,
            ..OrderParams::default()
        };
        let sender = self.sender(&member.wallet);
        let id = sender.client().sub_account(member.account).await?.head.next_order_id;
        let signer = member.wallet.pubkey();
        let place =
            PlaceOrders { signer, market: address::market(market), sub_account: member.account, orders: vec![order] };
        let what = || format!("{} places an order in {}", member.name, COINS[usize::from(market)].name);
        let instructions: [Instruction; 2] = [refresh(market), place.into()];
        sender.send(&instructions, &[]).await.with_context(what)?;
        Ok(id)
    }

    /// Buys what another offers, all of it or nothing.
    async fn take(
        &self,
        member: &Participant,
        from: &Participant,
        market: u16,
        coins: f64,
        order_id: u32,
    ) -> Result<()> {
        let order = OrderParams {
            market,
            kind: OrderKind::Limit as u8,
            side: Side::Long as u8,
            flags: flags::IMMEDIATE_OR_CANCEL,
            size: listing::size(coins),
            price: self.price(market, 1.01).await?,
            ..OrderParams::default()
        };
        let take = PlaceAndTake {
            signer: member.wallet.pubkey(),
            market: address::market(market),
            sub_account: member.account,
            order,
            min_fill: order.size.0,
            makers: vec![MakerRef { order_id, ..MakerRef::default() }],
            maker_accounts: vec![from.account],
        };
        let what = || format!("{} trades {}", member.name, COINS[usize::from(market)].name);
        let instructions: [Instruction; 2] = [refresh(market), take.into()];
        self.sender(&member.wallet).send(&instructions, &[]).await.with_context(what)?;
        Ok(())
    }

    /// The admin pauses everything for as long as it can. Then there are no admin, no keeper and no source.
    pub(crate) async fn die(&mut self) -> Result<()> {
        println!(
            "3. The admin pauses everything for a day, the longest that there is. Then the admin, all keepers and all sources are gone."
        );
        let admin = &self.participants.admin;
        let pause = SetPaused { signer: admin.pubkey(), paused: operation::ALL, seconds: 86_400 };
        self.sender(admin).send(&[pause.into()], &[]).await.context("the last pause")?;
        drop(self.feeds.take());
        Ok(())
    }
}

/// Brings the row of a market up to date.
fn refresh(market: u16) -> Instruction {
    let oracles = vec![feed_address(&COINS[usize::from(market)].feed_id)];
    RefreshPrices { markets: vec![market as u8], banks: Vec::new(), oracles }.into()
}
