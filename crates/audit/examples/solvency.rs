//! Signed statements and a proof of each account, as files in a folder: what the judge in tests/judges/solvency reads.

use std::path::PathBuf;

use kedge_audit::solvency::{Attestation, Chain, Claims, Proof};
use kedge_audit::{Line, Statement, Unit};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;

/// Numbers of accounts: none, one, powers of two and what lies between them.
const SIZES: [u64; 6] = [0, 1, 2, 5, 8, 13];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    let signer = Keypair::new_from_array([9; 32]);
    let mut chain = Chain::default();
    for size in SIZES {
        let claims = books(size);
        let sums = claims.tree()?.root().sums;
        let line = |what: &str, sum: i128| Line { what: what.into(), left: sum, right: sum, unit: Unit::USDC };
        let sum = |column: usize| i128::try_from(sums[column]);
        let statement = Statement {
            slot: 100 + size,
            time: 1_750_000_000,
            lines: vec![
                line("bank 0: balances = deposits", sum(0)?),
                line("bank 0: deposits + pools + protocol + stakes = tokens in the vault", sum(0)?),
                line("SOL-PERP: users' longs = open interest", sum(1)?),
                line("SOL-PERP: users' shorts = open interest", sum(2)?),
                line("SOL-PERP: claims of positions = the market's total", sum(3)? - sum(4)?),
            ],
            ..Statement::default()
        };
        let said = Attestation::sign(&statement, &claims, chain.head(), &signer)?;
        let all: Vec<Pubkey> = claims.accounts.iter().map(|(account, _)| *account).collect();
        for proof in Proof::of(&claims, said.slot, &all)?.into_iter().flatten() {
            let name = format!("{size}-{}.proof.json", proof.account);
            std::fs::write(folder.join(name), serde_json::to_string(&proof)?)?;
        }
        chain.0.push(said);
    }
    std::fs::write(folder.join("statements.txt"), chain.to_string())?;
    Ok(())
}

fn books(size: u64) -> Claims {
    let columns = ["bank 0 tokens", "SOL-PERP longs", "SOL-PERP shorts", "SOL-PERP claims", "SOL-PERP debts"];
    let accounts = (0..size).map(|number| {
        let mut address = [3; 32];
        address[..8].copy_from_slice(&(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
        let amounts =
            (0..5u64).map(|column| u128::from((number + 2).wrapping_mul(column + 3).wrapping_mul(0x1234_5678_9abc)));
        (Pubkey::new_from_array(address), amounts.collect())
    });
    Claims { columns: columns.map(String::from).to_vec(), accounts: accounts.collect() }
}
