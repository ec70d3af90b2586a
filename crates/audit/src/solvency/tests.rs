use kedge_model::account::market::Market;
use kedge_model::quantity::{Quote, Size};
use kedge_state::testing::TestExchange;
use proptest::prelude::*;
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::*;
use crate::tests::{scene, snapshot};
use crate::{Rules, Statement};

fn books(accounts: &[[u64; 3]]) -> Claims {
    let accounts = (0u64..).zip(accounts).map(|(number, amounts)| {
        let mut address = [7; 32];
        address[..8].copy_from_slice(&number.to_be_bytes());
        (Pubkey::new_from_array(address), amounts.map(u128::from).to_vec())
    });
    Claims { columns: ["a", "b", "c"].map(String::from).to_vec(), accounts: accounts.collect() }
}

/// Statement and claims of a scene with two traders, signed.
fn signed(exchange: &TestExchange, previous: [u8; 32], signer: &Keypair) -> (Attestation, Claims) {
    let found = snapshot(exchange);
    let claims = Claims::of(&found);
    (Attestation::sign(&Statement::of(&found, Rules::default()), &claims, previous, signer).unwrap(), claims)
}

proptest! {
    #[test]
    fn the_root_sums_everybody_and_each_proof_leads_to_it(
        amounts in prop::collection::vec(prop::array::uniform3(any::<u64>()), 0..40),
        salt in any::<u32>(),
    ) {
        let claims = books(&amounts);
        let root = claims.tree().unwrap().root();
        for (column, sum) in root.sums.iter().enumerate() {
            prop_assert_eq!(*sum, amounts.iter().map(|all| u128::from(all[column])).sum::<u128>());
        }
        let all: Vec<Pubkey> = claims.accounts.iter().map(|(at, _)| *at).collect();
        for proof in Proof::of(&claims, 1, &all).unwrap() {
            let proof = proof.unwrap();
            prop_assert_eq!(proof.root(), Some(root.clone()));
            // Whatever is changed, the way leads elsewhere.
            let mut more = proof.clone();
            let column = salt as usize % 3;
            more.amounts[column] = (more.amounts[column].parse::<u128>().unwrap() + 1).to_string();
            prop_assert_ne!(more.root(), Some(root.clone()));
            let mut other = proof.clone();
            other.account = Pubkey::new_unique().to_string();
            prop_assert_ne!(other.root(), Some(root.clone()));
            if !proof.path.is_empty() {
                let step = salt as usize % proof.path.len();
                let mut moved = proof.clone();
                moved.path[step].left = !moved.path[step].left;
                prop_assert_ne!(moved.root(), Some(root.clone()));
                // A neighbour that hides what it holds.
                let mut hidden = proof.clone();
                hidden.path[step].sums[column] = "0".into();
                prop_assert!(hidden == proof || hidden.root() != Some(root.clone()));
                let mut shorter = proof.clone();
                shorter.path.remove(step);
                prop_assert_ne!(shorter.root(), Some(root.clone()));
            }
        }
    }
}

#[test]
fn a_lone_node_goes_up_once() {
    // Doubling the last leaf would give three leaves the root of four.
    let three = books(&[[1, 2, 3], [4, 5, 6], [7, 8, 9]]);
    let mut four = three.clone();
    four.accounts.push(three.accounts[2].clone());
    assert_ne!(three.tree().unwrap().root().hash, four.tree().unwrap().root().hash);
    assert_eq!(three.tree().unwrap().path(2).len(), 1);
    let none = books(&[]);
    assert_eq!(none.tree().unwrap().root().sums, [0, 0, 0]);
    assert_ne!(none.tree().unwrap().root().hash, [0; 32]);
}

#[test]
fn a_sum_beyond_128_bits_is_refused() {
    let mut claims = books(&[[1, 0, 0], [1, 0, 0]]);
    claims.accounts[0].1[0] = u128::MAX;
    assert_eq!(claims.tree().map(drop), Err(Overflow));
}

#[test]
fn statements_continue_each_other_and_none_can_be_changed() {
    let (mut exchange, _) = scene();
    let key = Keypair::new();
    let (first, claims) = signed(&exchange, [0; 32], &key);
    assert!(first.holds() && first.is_signed(), "{first}");
    assert_eq!(first.contradictions(), Vec::<&str>::new());
    exchange.advance(5, 2);
    let (second, _) = signed(&exchange, first.hash(), &key);
    let text = Chain(vec![first.clone(), second.clone()]).to_string();
    assert_eq!(Chain::parse(&text).unwrap().0, [first.clone(), second.clone()]);

    // Every byte counts.
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] ^= 1;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        assert!(Chain::parse(&changed).is_err(), "byte {at} can be changed unnoticed");
    }
    // None can be left out, put elsewhere, or added by somebody else.
    assert_eq!(Chain::parse(&second.to_string()).map(drop), Err(Fault::Broken(1)));
    let swapped = format!("{second}\n{first}");
    assert_eq!(Chain::parse(&swapped).map(drop), Err(Fault::Broken(1)));
    let stranger = Keypair::new();
    let (forged, _) = signed(&exchange, first.hash(), &stranger);
    let forged = Chain(vec![first.clone(), forged]).to_string();
    assert_eq!(Chain::parse(&forged).map(drop), Err(Fault::Stranger(2, stranger.pubkey())));

    let account = claims.accounts[0].0;
    let proof = Proof::of(&claims, first.slot, &[account, Pubkey::default()]).unwrap();
    assert_eq!(proof[1], None, "nobody's account");
    let proof = proof[0].clone().unwrap();
    assert!(proof.is_in(&first));
    assert!(!Proof { slot: proof.slot + 1, ..proof.clone() }.is_in(&first));
    let mut renamed = proof;
    renamed.columns.swap(0, 1);
    assert!(!renamed.is_in(&first), "amounts under other names");
}

#[test]
fn who_leaves_an_account_out_contradicts_the_chain() {
    let (exchange, found) = scene();
    let mut claims = Claims::of(&snapshot(&exchange));
    claims.accounts.remove(0);
    let key = Keypair::new();
    let said = Attestation::sign(&Statement::of(&found, Rules::default()), &claims, [0; 32], &key).unwrap();
    assert!(said.contradictions().contains(&"bank 0 tokens"), "{said}");
    assert!(matches!(Chain::parse(&said.to_string()), Err(Fault::Contradiction(1, _))));
}

#[test]
fn a_debt_stands_beside_the_claims() {
    let (exchange, _) = scene();
    let (said, _) = signed(&exchange, [0; 32], &Keypair::new());
    let sum = |name: &str| said.columns.iter().find(|column| column.name.ends_with(name)).unwrap().sum;
    assert_eq!((sum("longs"), sum("shorts")), (10_000_000_000, 10_000_000_000), "{said}");
    assert!(sum("claims") > 1_900_000_000 && sum("debts") > 1_900_000_000, "{said}");
}

#[test]
fn a_statement_without_its_columns_or_equations_is_not_believed() {
    let (exchange, _) = scene();
    let key = Keypair::new();
    let found = snapshot(&exchange);
    let sign = |statement: &Statement, claims: &Claims| Attestation::sign(statement, claims, [0; 32], &key).unwrap();
    let whole = Statement::of(&found, Rules::default());
    let claims = Claims::of(&found);
    assert!(Chain::parse(&sign(&whole, &claims).to_string()).is_ok());
    let refused = |said: &Attestation| matches!(Chain::parse(&said.to_string()), Err(Fault::Contradiction(1, _)));
    // A root over nothing.
    let nothing = Claims { columns: Vec::new(), accounts: Vec::new() };
    assert!(refused(&sign(&Statement { lines: Vec::new(), ..whole.clone() }, &nothing)));
    assert!(refused(&sign(&whole, &nothing)));
    // Any column and any equation that belongs to one, left out or twice.
    for column in 0..claims.columns.len() {
        let mut less = claims.clone();
        less.columns.remove(column);
        for (_, amounts) in &mut less.accounts {
            amounts.remove(column);
        }
        assert!(refused(&sign(&whole, &less)), "{}", claims.columns[column]);
        let mut twice = claims.clone();
        twice.columns[column] = claims.columns[(column + 1) % claims.columns.len()].clone();
        assert!(refused(&sign(&whole, &twice)), "{}", claims.columns[column]);
    }
    for rule in ["balances = deposits", "tokens in the vault", "users' longs", "users' shorts", "claims of positions"] {
        let mut less = whole.clone();
        less.lines.retain(|line| !line.what.contains(rule));
        assert!(less.lines.len() < whole.lines.len() && refused(&sign(&less, &claims)), "{rule}");
    }
    let mut twice = whole.clone();
    twice.lines.push(whole.lines[0].clone());
    assert!(refused(&sign(&twice, &claims)));
}

#[test]
fn two_markets_of_one_name_are_told_apart() {
    let (exchange, _) = scene();
    let mut found = snapshot(&exchange);
    let (at, market) = found.markets[0];
    found.markets.push((
        at,
        Market { index: 1, long_interest: Size(0), short_interest: Size(0), users_quote: Quote(0), ..market },
    ));
    let claims = Claims::of(&found);
    let said = Attestation::sign(&Statement::of(&found, Rules::default()), &claims, [0; 32], &Keypair::new()).unwrap();
    assert_eq!(said.contradictions(), Vec::<&str>::new(), "{said}");
    assert!(claims.columns.iter().any(|column| column.ends_with("(market 1) longs")), "{:?}", claims.columns);
}
