//! The chain with the exchange on it: deployed, listed, funded, everybody on board.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use kedge_client::{Client, ComputeLimit, PriorityFee, SendConfig, Sender, SharedSigner};
use kedge_interface::address::{self, PROGRAM_ID};
use kedge_interface::instruction::{
    CreateSubAccount, CreateTrader, Deposit, FundPool, Initialize, Instruction, ListBank, ListMarket, RefreshPrices,
    SetFees, SetMarketStatus,
};
use kedge_localnet::{Localnet, LocalnetConfig};
use kedge_model::action::PoolKind;
use kedge_model::exchange::FeeSchedule;
use kedge_model::market::MarketStatus;
use kedge_model::quantity::Price;
use kedge_state::pyth::feed_address;
use solana_commitment_config::CommitmentConfig;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use tokio::task::JoinSet;

use crate::args::Args;
use crate::cast::{Cast, Member};
use crate::listing::{self, COINS, dollars};
use crate::replay::Tape;

/// What everybody gets for fees and rent.
const LAMPORTS: u64 = 20_000_000_000;
/// Dollars of visitor and operator, from the faucet of the local chain.
pub const VISITOR_DOLLARS: u64 = 100_000;

/// Starts the chain on the wanted port, or on a free one when that is taken. Market time stands still at the
/// tape's start.
pub fn start_chain(args: &Args, tape: &Tape) -> Result<Localnet> {
    let config = LocalnetConfig {
        rpc_port: Some(args.rpc_port),
        slot_time: Duration::from_millis(args.slot_ms()),
        genesis_time: Some(tape.start),
        time_rate: 0.0,
        ..LocalnetConfig::default()
    };
    match Localnet::start(config.clone()) {
        Ok(localnet) => Ok(localnet),
        Err(kedge_localnet::Error::Start(_)) => {
            Localnet::start(LocalnetConfig { rpc_port: None, ..config }).context("the local chain did not start")
        }
        Err(other) => Err(other.into()),
    }
}

/// Who sends how: one connection a wallet.
pub fn sender(localnet: &Localnet, wallet: &Arc<Keypair>) -> Sender {
    let payer: SharedSigner = Arc::clone(wallet) as SharedSigner;
    let config = SendConfig {
        compute: ComputeLimit::Fixed(1_000_000),
        priority: PriorityFee::None,
        poll: Duration::from_millis(20),
        ..SendConfig::default()
    };
    Sender::new(Client::with(localnet.rpc_url(), CommitmentConfig::processed(), localnet.ws_url(), payer), config)
}

/// Puts the program on the chain.
pub fn deploy(localnet: &Localnet, program: &Path) -> Result<()> {
    let elf = std::fs::read(program).with_context(|| program.display().to_string())?;
    localnet.deploy(PROGRAM_ID, &elf).context("the chain refused the program")
}

/// Dollars that the admin puts into the pools.
#[must_use]
pub fn pools() -> u64 {
    COINS.iter().map(|coin| coin.capital + coin.insurance).sum()
}

/// Gives the admin what it needs and creates the exchange, see [`list_by`].
pub async fn list(localnet: &Localnet, cast: &Cast, tape: &Tape, speed: f64) -> Result<()> {
    let (admin, mint) = (cast.admin.pubkey(), cast.mint.pubkey());
    localnet.airdrop(admin, LAMPORTS)?;
    localnet.airdrop(cast.crank.pubkey(), LAMPORTS)?;
    localnet.create_mint(mint, 6, admin)?;
    localnet.set_token_account(admin, mint, dollars(pools()).0)?;
    // In real time an auction is as long as anywhere: in one of three slots a maker takes a third of the way to the worst price.
    let schedule = if speed > 1.0 { listing::fees(speed) } else { FeeSchedule::initial() };
    list_by(&sender(localnet, &cast.admin), mint, tape, speed, schedule).await
}

/// Creates the exchange, lists bank and markets, funds the pools. All by transactions that the admin signs and pays, who
/// has [`pools`] in tokens of the mint.
pub async fn list_by(sender: &Sender, mint: Pubkey, tape: &Tape, speed: f64, schedule: FeeSchedule) -> Result<()> {
    let admin = sender.client().payer_address();
    let source = address::token_account(&admin, &mint);
    let send = async |what: &str, instruction: Instruction| -> Result<()> {
        sender.send(&[instruction], &[]).await.with_context(|| what.to_owned())?;
        Ok(())
    };
    send("initialize", Initialize { admin, pauser: admin.to_bytes() }.into()).await?;
    send("set_fees", SetFees { signer: admin, schedule }.into()).await?;
    let (bank, vault) = (address::bank(0), address::vault(0));
    send("list_bank", ListBank { admin, bank, mint, vault, params: listing::bank(speed) }.into()).await?;
    for ((coin, path), index) in COINS.iter().zip(&tape.paths).zip(0u16..) {
        let market = address::market(index);
        let price = Price((path.price(tape.start * 1_000) * 1e6) as u64);
        send(coin.name, ListMarket { admin, market, params: coin.params(price, speed) }.into()).await?;
        for (kind, amount) in [(PoolKind::Amm, coin.capital), (PoolKind::Insurance, coin.insurance)] {
            let amount = dollars(amount).0;
            let fund = FundPool { payer: admin, bank, market, source, vault, kind: kind as u8, amount };
            send("fund_pool", fund.into()).await?;
        }
    }
    Ok(())
}

/// Opens the listed markets at the prices that have just been published.
pub async fn open(localnet: &Localnet, cast: &Cast) -> Result<()> {
    open_by(&sender(localnet, &cast.admin)).await
}

/// Opens the listed markets; the sender's wallet is the admin.
pub async fn open_by(sender: &Sender) -> Result<()> {
    let oracles = COINS.iter().map(|coin| feed_address(&coin.feed_id)).collect();
    let markets = (0u8..).take(COINS.len()).collect();
    let mut instructions = vec![RefreshPrices { markets, banks: Vec::new(), oracles }.into()];
    for (_, index) in COINS.iter().zip(0u16..) {
        let (signer, status) = (sender.client().payer_address(), MarketStatus::Active as u8);
        instructions.push(SetMarketStatus { signer, market: address::market(index), status }.into());
    }
    sender.send(&instructions, &[]).await.context("the markets could not be opened")?;
    Ok(())
}

/// Brings everybody on board: lamports, dollars, trader, sub-account, deposit; each signs for itself.
pub async fn board(localnet: &Localnet, cast: &Cast) -> Result<()> {
    let mint = cast.mint.pubkey();
    let mut joining = JoinSet::new();
    for member in &cast.members {
        let owner = member.wallet.pubkey();
        localnet.airdrop(owner, LAMPORTS)?;
        let source = localnet.set_token_account(owner, mint, dollars(member.deposit).0)?;
        let sender = sender(localnet, &member.wallet);
        let instructions = welcome(member, owner, source);
        let name = member.name.clone();
        joining.spawn(async move { sender.send(&instructions, &[]).await.map_err(|error| (name, error)) });
    }
    while let Some(joined) = joining.join_next().await {
        if let Err((name, error)) = joined? {
            return Err(error).with_context(|| format!("{name} could not join"));
        }
    }
    Ok(())
}

/// What a member signs to come on board.
pub fn welcome(member: &Member, owner: Pubkey, source: Pubkey) -> Vec<Instruction> {
    vec![
        CreateTrader::of(owner, owner).into(),
        CreateSubAccount::of(owner, owner, 0, &member.name, member.orders).into(),
        Deposit::of(owner, source, member.account, 0, dollars(member.deposit).0).into(),
    ]
}

/// A file that only its owner may read, from its first byte on, also where another was before.
///
/// Errors: of the file system.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut file = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    // One that was there keeps its mode otherwise.
    file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())
}

/// Files of the wallets that are left for people.
pub struct Wallets {
    /// Somebody who trades, with SOL and dollars.
    pub visitor: PathBuf,
    /// Somebody who runs a keeper or a maker, with as much.
    pub operator: PathBuf,
    /// The exchange's admin.
    pub admin: PathBuf,
}

/// Wallets on disk for whoever wants to trade, to keep or to administer by hand. They are worth nothing anywhere else.
pub fn leave_wallets(localnet: &Localnet, cast: &Cast, out: &Path) -> Result<Wallets> {
    let leave = |name: &str, wallet: &Keypair| -> Result<PathBuf> {
        let file = out.join(name);
        let text = serde_json::to_string(&wallet.to_bytes().to_vec())?;
        write_private(&file, &text).with_context(|| file.display().to_string())?;
        Ok(file)
    };
    // The admin has given all that it had to the pools.
    for wallet in [&cast.visitor, &cast.operator, &cast.admin] {
        localnet.airdrop(wallet.pubkey(), LAMPORTS)?;
        localnet.set_token_account(wallet.pubkey(), cast.mint.pubkey(), dollars(VISITOR_DOLLARS).0)?;
    }
    Ok(Wallets {
        visitor: leave("wallet.json", &cast.visitor)?,
        operator: leave("keeper.json", &cast.operator)?,
        admin: leave("admin.json", &cast.admin)?,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_visitor_s_wallet_is_only_the_visitor_s() {
        let path = std::env::temp_dir().join(format!("kedge-visitor-{}.json", std::process::id()));
        std::fs::write(&path, "a longer text of before").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        super::write_private(&path, "[1]").unwrap();
        let (mode, text) =
            (std::fs::metadata(&path).unwrap().permissions().mode(), std::fs::read_to_string(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert_eq!((mode & 0o777, &text[..]), (0o600, "[1]"));
    }
}
