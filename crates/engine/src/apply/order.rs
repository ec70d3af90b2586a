//! Orders that are placed, changed and cancelled.

use kedge_abi::ed25519;
use kedge_interface::PROGRAM_ID;
use kedge_interface::instruction::user::ALL_MARKETS;
use kedge_interface::instruction::{
    CancelAll, CancelOrder, CancelOrders, ModifyOrder, PlaceOrders, PlaceSignedOrders, ReplaceOrders,
};
use kedge_model::account::sub_account::SubAccountMut;
use kedge_model::action::{self, CancelReport};
use kedge_model::error::{Error, Result as Ruled};
use kedge_model::event::{CancelReason, EventSink};
use solana_pubkey::Pubkey;

use super::{Applying, Counted};
use crate::store::Accounts;
use crate::{Report, Result};

impl<A: Accounts, S: EventSink> Applying<'_, A, S> {
    pub(super) fn place_orders(&mut self, i: &PlaceOrders) -> Result<Report> {
        let place = action::PlaceOrders { orders: &i.orders };
        place.validate()?;
        self.require_trader(&i.sub_account, &i.signer)?;
        self.on_market(&i.market, &[i.sub_account], |context, subs| place.execute(context, &mut subs[0]))
            .map(Report::Place)
    }

    pub(super) fn place_signed_orders(&mut self, i: &PlaceSignedOrders, signature: Option<&[u8]>) -> Result<Report> {
        let (signer, signed) = signature.and_then(ed25519::parts).ok_or(Error::SignedOrderInvalid)?;
        let mut message = action::SignedMessage::default();
        message.fill(signed)?;
        let (program, sub_account) = (PROGRAM_ID.to_bytes(), i.sub_account.to_bytes());
        let place = action::PlaceSigned { message: &message, signer, program, sub_account };
        self.on_market(&i.market, &[i.sub_account], |context, subs| place.execute(context, &mut subs[0]))
            .map(Report::Place)
    }

    pub(super) fn modify_order(&mut self, i: &ModifyOrder) -> Result<Report> {
        self.require_trader(&i.sub_account, &i.signer)?;
        let modify = action::ModifyOrder { params: i.params };
        self.on_market(&i.market, &[i.sub_account], |context, subs| modify.execute(context, &mut subs[0]))
            .map(Report::Modify)
    }

    pub(super) fn replace_orders(&mut self, i: &ReplaceOrders) -> Result<Report> {
        let replace = action::ReplaceOrders { cancel: &i.cancel, orders: &i.orders, strict: i.strict };
        replace.validate()?;
        self.require_trader(&i.sub_account, &i.signer)?;
        self.on_market(&i.market, &[i.sub_account], |context, subs| replace.execute(context, &mut subs[0]))
            .map(Report::Replace)
    }

    pub(super) fn cancel_order(&mut self, i: &CancelOrder) -> Result<Report> {
        let cancel = action::CancelOrder { id: i.id };
        self.cancel(&i.sub_account, &i.signer, |account, sink| cancel.execute(account, sink))
    }

    pub(super) fn cancel_all(&mut self, i: &CancelAll) -> Result<Report> {
        let market = (i.market != ALL_MARKETS).then_some(i.market);
        let cancel = action::CancelAll { market, reason: CancelReason::Requested };
        self.cancel(&i.sub_account, &i.signer, |account, sink| cancel.execute(account, sink))
    }

    pub(super) fn cancel_orders(&mut self, i: &CancelOrders) -> Result<Report> {
        let cancel = action::CancelOrders { filter: i.filter, ids: &i.ids };
        self.cancel(&i.sub_account, &i.signer, |account, sink| cancel.execute(account, sink))
    }

    fn cancel(
        &mut self,
        at: &Pubkey,
        signer: &Pubkey,
        run: impl FnOnce(&mut SubAccountMut<'_>, &mut Counted<'_, S>) -> Ruled<CancelReport>,
    ) -> Result<Report> {
        let mut account = self.traded_by(at, signer)?;
        let report = run(&mut account.as_mut(), &mut Counted::to(self.sink))?;
        self.accounts.write(*at, account);
        Ok(Report::Cancel(report))
    }
}
