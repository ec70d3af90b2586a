//! Plans as instructions.

use kedge_interface::instruction::{Decoded, Instruction};
use kedge_model::account::bank::Bank;
use kedge_state::Directory;
use solana_pubkey::Pubkey;

use crate::call::AT_BUILD;
use crate::{Call, Plan};

/// The instructions of a plan that `signer` signs; `None` when it names what is not listed.
#[must_use]
pub fn instructions(directory: &Directory, plan: &Plan, signer: &Pubkey) -> Option<Vec<Instruction>> {
    let refresh = (!plan.refresh.is_empty()).then(|| Call::refresh_prices(&plan.refresh, &[Bank::QUOTE]));
    let calls = refresh.iter().chain(&plan.calls);
    calls.map(|call| Some(decoded(directory, call, *signer)?.instruction())).collect()
}

/// The instruction of a call with its signer and the addresses of its market and bank; `None` when it names what is not
/// listed.
#[must_use]
pub fn decoded(directory: &Directory, call: &Call, signer: Pubkey) -> Option<Decoded> {
    let mut instruction = call.instruction.clone();
    for (name, account) in instruction.named_accounts() {
        if *account == AT_BUILD {
            *account = match name {
                "signer" => signer,
                "market" => directory.market(call.market?)?,
                "bank" => *directory.banks.get(usize::from(Bank::QUOTE))?,
                _ => return None,
            };
        }
    }
    if let Decoded::RefreshPrices(refresh) = &mut instruction {
        let rows = |rows: &[u8]| rows.iter().copied().map(u16::from).collect::<Vec<_>>();
        refresh.oracles = directory.oracles_of(&rows(&refresh.markets), &rows(&refresh.banks))?;
    }
    Some(instruction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MakerOrder;
    use kedge_interface::instruction::decode;
    use kedge_state::testing::TestExchange;

    #[test]
    fn a_fill_with_its_refresh_decodes_to_what_was_planned() {
        let directory = Directory::of(TestExchange::new().board(), 1, 1);
        let [signer, taker, filler, a, b, c] = [(); 6].map(|()| Pubkey::new_unique());
        let maker = |account, order_id| MakerOrder { account, order_id, slot: 2 };
        let makers = [maker(a, 4), maker(b, 5), maker(a, 6)];
        let call = Call::fill(0, taker, (9, 1), Some(filler), &makers, &[c]);
        let instructions = instructions(&directory, &Plan::of(call).after_refresh(vec![0]), &signer).unwrap();
        let decoded: Vec<Decoded> = instructions
            .iter()
            .map(|one| decode(&one.accounts.iter().map(|meta| meta.pubkey).collect::<Vec<_>>(), &one.data).unwrap())
            .collect();
        let [Decoded::RefreshPrices(refresh), Decoded::FillOrder(fill)] = &decoded[..] else { panic!("{decoded:?}") };
        assert_eq!((&refresh.markets[..], &refresh.banks[..]), (&[0u8][..], &[0u8][..]));
        assert_eq!(refresh.oracles.len(), 1, "the quote bank's constant price has no account");
        assert_eq!(fill.split(), (Some(filler), &[a, b, c][..]));
        assert_eq!(fill.makers.iter().map(|m| (m.order_id, m.account)).collect::<Vec<_>>(), [(4, 0), (5, 1), (6, 0)]);
    }
}
