//! Visitors, who come and go, and permissions of accounts.

use crate::User;
use crate::market::{DOLLAR, USDC};
use crate::signed::{enclosed, message, signer, text, verify};
use kedge_interface::account::decode;
use kedge_interface::account::name;
use kedge_interface::address;
use kedge_interface::instruction::{
    CancelUnstake, CloseSubAccount, CloseTrader, CreateSubAccount, CreateTrader, Deposit, GrowOrders, Instruction,
    PlaceSignedOrders, RequestUnstake, RevokeSignedOrders, SetBuilder, SetDelegate, Stake, StakeVault, Unstake,
    UnstakeVault, Withdraw,
};
use kedge_model::account::trader::Trader;
use solana_pubkey::Pubkey;
use solana_signer::Signer;

use super::{SIGNERS, Session};

impl Session {
    /// Number of the keypair that signs for a user off the chain.
    fn signer_of(&self, user: User) -> u8 {
        let at = self.world.users.iter().position(|other| *other == user).expect("a user");
        SIGNERS + u8::try_from(at).expect("few users")
    }

    /// A visitor's sub-account.
    fn sub_of(&mut self, visitor: Pubkey, trader: &Trader) -> Option<Pubkey> {
        let all = (0..trader.next_sub_account).map(|id| address::sub_account(&visitor, id));
        let found: Vec<Pubkey> = all.filter(|sub| self.world.account(sub).is_some()).collect();
        (!found.is_empty()).then(|| *self.random.pick(&found))
    }

    /// An instruction on a person's accounts themselves.
    pub(super) fn arrange(&mut self) {
        let instruction = if self.random.percent(60) { self.visit() } else { self.allow() };
        self.step(&instruction);
    }

    /// A visitor opens an account, uses it, or leaves.
    fn visit(&mut self) -> Instruction {
        let visitors = self.visitors.clone();
        let (authority, users) = (*self.random.pick(&visitors), self.world.users.clone());
        let trader_at = address::trader(&authority);
        let Some(account) = self.world.account(&trader_at) else {
            let create = CreateTrader::of(authority, authority);
            let referrer = if self.random.percent(10) { authority } else { self.random.pick(&users).authority };
            return if self.random.percent(50) { create.into() } else { create.referred_by(&referrer).into() };
        };
        let trader: Trader = decode(&account.data).expect("a trader");
        let Some(sub_account) = self.sub_of(authority, &trader) else {
            if self.random.percent(40) {
                return CloseTrader { authority, receiver: authority, trader: trader_at }.into();
            }
            let orders = *self.random.pick(&[0, 1, 4, 8, 90, 129]);
            return CreateSubAccount::of(authority, authority, trader.next_sub_account, "visitor", orders).into();
        };
        let held = self.world.sub(&sub_account).head.balance(USDC).0;
        let payer = self.random.pick(&users).authority;
        match self.random.below(12) {
            0 => CloseTrader { authority, receiver: authority, trader: trader_at }.into(),
            1 => CreateSubAccount::of(authority, authority, trader.next_sub_account, "visitor", 4).into(),
            2..5 => {
                let capacity = *self.random.pick(&[4, 7, 8, 12, 20, 96, 132]);
                GrowOrders { payer, sub_account, capacity }.into()
            }
            5 => {
                // Any account may pay the deposit.
                let user = *self.random.pick(&users);
                let (wallet, amount) = (self.world.wallet(user, USDC), self.random.between(1, 50) * DOLLAR);
                Deposit::of(user.authority, wallet, sub_account, USDC, amount).into()
            }
            6..9 if held > 0 => {
                let (_, wallet) = self.world.token_owner(authority, USDC, 0);
                Withdraw::of(authority, wallet, sub_account, USDC, held).into()
            }
            _ => CloseSubAccount { authority, receiver: authority, trader: trader_at, sub_account }.into(),
        }
    }

    /// A user sets a delegate or a builder, or revokes signed messages.
    fn allow(&mut self) -> Instruction {
        let user = self.user();
        let (authority, sub_account, users) = (user.authority, user.sub, self.world.users.clone());
        if self.random.percent(40) {
            return self.stakes(user);
        }
        match self.random.below(4) {
            0..2 => {
                let own = signer(self.signer_of(user)).pubkey().to_bytes();
                let delegate = if self.random.percent(85) { own } else { [0; 32] };
                SetDelegate { authority, sub_account, delegate }.into()
            }
            2 => {
                let builder = self.random.pick(&users).authority.to_bytes();
                let fee = *self.random.pick(&[0, 100, 300, 1_000, 1_001]);
                let nobody = self.random.percent(20);
                SetBuilder { authority, sub_account, builder: if nobody { [0; 32] } else { builder }, fee }.into()
            }
            _ => {
                let up_to = self.nonce(user).saturating_sub(self.random.below(4));
                RevokeSignedOrders { signer: authority, sub_account, up_to }.into()
            }
        }
    }

    /// A user stakes with the insurance, or leaves it.
    fn stakes(&mut self, user: User) -> Instruction {
        let trader: Trader =
            decode(&self.world.account(&address::trader(&user.authority)).expect("a trader").data).expect("a trader");
        match self.random.below(6) {
            0..3 => {
                let amount = self.random.below(200) * DOLLAR;
                let least = if self.random.percent(10) { u64::MAX } else { 0 };
                if self.random.percent(50) {
                    return StakeVault::of(user.authority, self.world.wallet(user, USDC), amount, least).into();
                }
                Stake::of(user.authority, self.world.wallet(user, USDC), amount, least).into()
            }
            3 => {
                let pot = self.random.below(2);
                let held = if pot == 0 { trader.insurance } else { trader.vault };
                RequestUnstake::of(user.authority, u8::from(pot == 1), self.random.below(held.shares + 2)).into()
            }
            4 => CancelUnstake::of(user.authority, u8::try_from(self.random.below(3)).expect("small")).into(),
            _ if self.random.percent(50) => UnstakeVault::of(user.authority, self.world.wallet(user, USDC)).into(),
            _ => Unstake::of(user.authority, self.world.wallet(user, USDC)).into(),
        }
    }

    /// A number for a message, usually an unused one.
    fn nonce(&mut self, user: User) -> u64 {
        self.world.sub(&user.sub).head.signed_nonce + self.random.below(6)
    }

    /// A keeper places a message of a user's delegate, signed now or a while ago.
    pub(super) fn sign(&mut self) {
        let user = self.user();
        let market = self.market();
        let count = self.random.between(1, 2);
        let orders: Vec<_> = (0..count).map(|_| self.order(user, market)).collect();
        let nonce = self.nonce(user);
        let mut header = self.world.signed_header(user, nonce);
        if self.random.percent(15) {
            header.max_slot = header.slot.saturating_sub(1);
        }
        let key = if self.random.percent(95) { self.signer_of(user) } else { 99 };
        let mut signed = message(&header, &orders);
        if self.random.percent(40) {
            let market = self.world.market(market);
            let said = text(&header, &name(&market.name), &orders);
            signed = if self.random.percent(50) { enclosed(&said, &signer(key)) } else { said.into_bytes() };
        }
        if self.random.percent(30) {
            self.drift();
        }
        let place = PlaceSignedOrders { market: address::market(market), sub_account: user.sub };
        self.step_behind(Some(verify(&signer(key), &signed)), &place.into());
    }
}
