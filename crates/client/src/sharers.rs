//! Sub-accounts of the taker's referrer and builder, which a fill must name so that they get their shares.

use kedge_interface::address;
use kedge_model::account::order::flags;
use kedge_model::account::sub_account::SubAccount;
use solana_pubkey::Pubkey;

/// Number of a person's sub-accounts that are searched. A share goes to a sub-account with a position slot in the
/// market; a person with shares to earn keeps one among the first.
const LOOKED_AT: u16 = 4;
const NOBODY: [u8; 32] = [0; 32];

/// The taker and its order.
#[derive(Clone, Copy, Debug)]
pub struct Taker<'a> {
    /// Address of the taker's sub-account.
    pub at: &'a Pubkey,
    /// The taker's sub-account.
    pub account: &'a SubAccount,
    /// Market of the order.
    pub market: u16,
    /// Flags of the order ([`kedge_model::account::order::flags`]).
    pub flags: u16,
}

/// One sub-account each of the taker's referrer and, for an order with the builder flag, of its builder: the first with
/// a place for a share in the market, unless it is in `there` already. A fill without them succeeds too; the share then
/// stays with the exchange.
///
/// * `account`: looks up the sub-account at an address; `None` for an unknown one.
/// * `there`: sub-accounts that the fill names anyway, makers and filler.
pub fn of<'w>(account: impl Fn(&Pubkey) -> Option<&'w SubAccount>, taker: Taker<'_>, there: &[Pubkey]) -> Vec<Pubkey> {
    let Taker { at: own, account: head, market, flags } = taker;
    let builder = if flags & flags::BUILDER == 0 { NOBODY } else { head.builder };
    // As the program checks it: without the owner's signature a share takes no free slot.
    let has_place = |at: &Pubkey| account(at).is_some_and(|found| found.position(market).is_ok());
    let mut found: Vec<Pubkey> = Vec::new();
    for authority in [head.referrer, builder].into_iter().filter(|authority| *authority != NOBODY) {
        let is_theirs = |at: &Pubkey| account(at).is_some_and(|one| one.authority == authority);
        if there.iter().chain(&found).any(|at| is_theirs(at) && has_place(at)) {
            continue;
        }
        let authority = Pubkey::new_from_array(authority);
        let mut theirs = (0..LOOKED_AT).map(|id| address::sub_account(&authority, id));
        found.extend(theirs.find(|at| at != own && !there.contains(at) && has_place(at)));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const MARKET: u16 = 3;

    /// A sub-account of a person, with a position in a market or without any.
    fn account(person: u8, id: u16, market: Option<u16>) -> (Pubkey, SubAccount) {
        let mut head = SubAccount { authority: [person; 32], id, ..SubAccount::default() };
        if let Some(market) = market {
            let _ = head.open_position(market).expect("a slot");
        }
        (address::sub_account(&Pubkey::new_from_array([person; 32]), id), head)
    }

    fn asked(all: &[(Pubkey, SubAccount)], order_flags: u16, there: &[Pubkey]) -> Vec<Pubkey> {
        let known: HashMap<Pubkey, SubAccount> = all.iter().copied().collect();
        let (at, _) = account(1, 0, None);
        let taker = SubAccount { referrer: [2; 32], builder: [3; 32], ..SubAccount::default() };
        let taker = Taker { at: &at, account: &taker, market: MARKET, flags: order_flags };
        of(|at| known.get(at), taker, there)
    }

    #[test]
    fn a_share_goes_to_an_account_with_a_place_in_the_market() {
        let without = account(2, 0, None);
        let elsewhere = account(2, 1, Some(MARKET + 1));
        let placed = account(2, 2, Some(MARKET));
        let later = account(2, 3, Some(MARKET));
        let all = [without, elsewhere, placed, later];
        assert_eq!(asked(&all, 0, &[]), [placed.0], "the first with a place, not the first");
        assert_eq!(asked(&all[..2], 0, &[]), [], "brought without a place it gets nothing");
        assert_eq!(asked(&[account(2, LOOKED_AT, Some(MARKET))], 0, &[]), []);
    }

    #[test]
    fn a_builder_comes_with_orders_that_came_through_it() {
        let all = [account(2, 0, Some(MARKET)), account(3, 1, Some(MARKET))];
        assert_eq!(asked(&all, 0, &[]), [all[0].0]);
        assert_eq!(asked(&all, flags::BUILDER, &[]), [all[0].0, all[1].0]);
    }

    #[test]
    fn whoever_is_there_with_a_place_is_not_brought_again() {
        let (idle, placed) = (account(2, 0, None), account(2, 1, Some(MARKET)));
        let all = [idle, placed];
        assert_eq!(asked(&all, 0, &[placed.0]), []);
        assert_eq!(asked(&all, 0, &[idle.0]), [placed.0], "a maker of theirs without a place does not serve");
    }
}
