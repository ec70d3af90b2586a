//! Fills, services to orders, signed and cancelled orders.

use kedge_interface::PROGRAM_ID;
use kedge_interface::instruction::{Decoded, FillOrder, PlaceAndMake, PlaceAndTake, PlaceSignedOrders};
use kedge_model::action;
use kedge_model::error::{Error, Result};
use kedge_model::event::CancelReason;
use kedge_model::quantity::{Base, Price, Size};
use kedge_model::sub_account::SubAccountMut;
use solana_pubkey::Pubkey;

use super::{Context, Count, Mirror};

impl Mirror<'_> {
    pub(super) fn place_signed(&mut self, i: &PlaceSignedOrders) -> Result<()> {
        let front = self.front.take().ok_or(Error::SignedOrderInvalid)?;
        // As `kedge_interface` writes it: description, key, signature, message.
        let signer = front.data[16..48].try_into().expect("32 bytes");
        let message = action::SignedMessage::read(&front.data[112..])?;
        let (program, sub_account) = (PROGRAM_ID.to_bytes(), i.sub_account.to_bytes());
        self.on_market(&i.market, None, &[i.sub_account], |context, _, subs| {
            let place = action::PlaceSigned { message: &message, signer, program, sub_account };
            place.execute(context, &mut subs[0]).map(drop)
        })
    }

    pub(super) fn take(&mut self, i: &PlaceAndTake) -> Result<()> {
        let subs: Vec<Pubkey> = std::iter::once(i.sub_account).chain(i.maker_accounts.iter().copied()).collect();
        let take = action::PlaceAndTake { order: i.order, min_fill: Size(i.min_fill), makers: &i.makers };
        self.on_market(&i.market, None, &subs, |context, _, subs| {
            let (taker, makers) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            take.execute(context, taker, makers).map(drop)
        })
    }

    pub(super) fn fill(&mut self, i: &FillOrder) -> Result<()> {
        let (filler, makers) = i.split();
        let subs: Vec<Pubkey> = std::iter::once(i.taker).chain(filler).chain(makers.iter().copied()).collect();
        let fill = action::FillOrder { order_id: i.order_id, slot: usize::from(i.slot), makers: &i.makers };
        self.on_market(&i.market, None, &subs, |context, _, subs| {
            let (taker, rest) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            let (filler, makers) = match filler {
                Some(_) => rest.split_first_mut().map(|(filler, makers)| (Some(filler), makers)),
                None => Some((None, rest)),
            }
            .ok_or(Error::TooManyMakers)?;
            fill.execute(context, taker, filler, makers).map(drop)
        })
    }

    /// Joins an auction.
    pub(super) fn make(&mut self, i: &PlaceAndMake) -> Result<()> {
        let make = action::PlaceAndMake {
            order_id: i.order_id,
            slot: usize::from(i.slot),
            size: Size(i.size),
            worst_price: Price(i.worst_price),
            min_position: Base(i.min_position),
            max_position: Base(i.max_position),
        };
        let subs: Vec<Pubkey> = [i.maker, i.taker].iter().chain(&i.sharers).copied().collect();
        self.on_market(&i.market, None, &subs, |context, _, subs| {
            let [maker, taker, others @ ..] = subs else { unreachable!("two were passed") };
            make.execute(context, maker, taker, others).map(drop)
        })
    }

    /// A service to an account's orders, for a sub-account that gets the fee or for nobody.
    pub(super) fn serve(
        &mut self,
        market: Pubkey,
        owner: Pubkey,
        crank: &[Pubkey],
        run: impl FnOnce(&mut Context<'_>, &mut SubAccountMut<'_>, Option<&mut SubAccountMut<'_>>) -> Result<()>,
    ) -> Result<()> {
        let subs: Vec<Pubkey> = std::iter::once(owner).chain(crank.iter().copied()).collect();
        self.on_market(&market, None, &subs, |context, _, subs| {
            let (owner, crank) = subs.split_first_mut().ok_or(Error::TooManyMakers)?;
            run(context, owner, crank.first_mut())
        })
    }

    pub(super) fn cancel(&mut self, decoded: &Decoded) -> Result<()> {
        let (at, result) = match decoded {
            Decoded::CancelOrder(i) => {
                let mut data = self.sub(&i.sub_account);
                let result = action::CancelOrder { id: i.id }.execute(&mut data.as_mut(), &mut Count::default());
                (i.sub_account, result.map(|_| data))
            }
            Decoded::CancelAll(i) => {
                let mut data = self.sub(&i.sub_account);
                let market = (i.market != kedge_model::event::NO_MARKET).then_some(i.market);
                let cancel = action::CancelAll { market, reason: CancelReason::Requested };
                let result = cancel.execute(&mut data.as_mut(), &mut Count::default());
                (i.sub_account, result.map(|_| data))
            }
            Decoded::CancelOrders(i) => {
                let mut data = self.sub(&i.sub_account);
                let cancel = action::CancelOrders { filter: i.filter, ids: &i.ids };
                let result = cancel.execute(&mut data.as_mut(), &mut Count::default());
                (i.sub_account, result.map(|_| data))
            }
            other => unreachable!("{other:?} cancels nothing"),
        };
        self.put_sub(&at, &result?);
        Ok(())
    }
}
