//! Arguments of commands for wallet and configuration.

use clap::Args;
use solana_pubkey::Pubkey;

#[derive(Args)]
#[command(after_help = "\
A value without a flag keeps its place in the file, or is the one that this
command would use. The endpoint may hold a key: only you can read the file. It
stands in ~/.config/kedge/config.toml, or
where KEDGE_CONFIG says. On a terminal without flags, it asks.

Every command takes a value from the first of these that has one: its flag, the
environment (KEDGE_URL, KEDGE_KEYPAIR, KEDGE_ACCOUNT, KEDGE_MARKET), the file.

Examples:
  kedge init --url devnet --account 0 --market SOL-PERP
  kedge init --keypair ~/desk.json --account 2")]
pub(crate) struct Init {
    /// Id of the sub-account that commands use without --id.
    #[arg(long)]
    pub account: Option<u16>,
    /// Market that `book` and `trades` use when none is named.
    #[arg(long)]
    pub market: Option<String>,
    /// Discard the present file, even an unreadable one.
    #[arg(long)]
    pub force: bool,
}

#[derive(Args)]
#[command(after_help = "\
The file is the one that solana-keygen writes, a list of 64 numbers, and one of
solana-keygen's own works here as it is: name it with --keypair, in
KEDGE_KEYPAIR or with `kedge init --keypair`. Nothing but this file can sign for
the address: keep a copy. There is no seed phrase.

A hardware wallet cannot sign for this program. Let it own the sub-account, and
make an address of this command its delegate, which can trade and not
withdraw: `kedge delegate`.

Examples:
  kedge keygen
  kedge keygen desk.json")]
pub(crate) struct Keygen {
    /// Path of the keypair [default: the path that commands use].
    pub file: Option<std::path::PathBuf>,
    /// Overwrite an existing keypair; everything that it owns is lost with it.
    #[arg(long)]
    pub force: bool,
}

#[derive(Args)]
#[command(after_help = "\
SOL comes from the chain's faucet: local chains, devnet and testnet have one.
Test dollars (the token of bank 0) come from the local chain, or are minted
where the keypair is the mint's authority.

Examples:
  kedge airdrop
  kedge airdrop --sol 5 --usdc 10000")]
pub(crate) struct Airdrop {
    /// Amount of SOL; 0 for none.
    #[arg(long, default_value = "2")]
    pub sol: String,
    /// Amount of test dollars; 0 for none [default: 1000 where the chain gives some].
    #[arg(long)]
    pub usdc: Option<String>,
    /// Address that gets them [default: the keypair's address].
    #[arg(long)]
    pub to: Option<Pubkey>,
}
