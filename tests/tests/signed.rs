//! Orders that are signed off the chain and placed by any account.

use kedge_interface::instruction::{CloseSubAccount, CloseTrader, Instruction, PlaceSignedOrders, RevokeSignedOrders};
use kedge_model::Error;
use kedge_model::account::order::{OrderKind, OrderParams, Side, flags};
use kedge_model::action::{MAX_NUMBER_STEP, MAX_SIGNED_MS, SignedHeader};
use kedge_model::quantity::{Price, Size};
use kedge_tests::agreement::Agreed;
use kedge_tests::machine::{Refusal, SLOT_MS};
use kedge_tests::market::{DOLLAR, ONE, SOL, USDC};
use kedge_tests::orders::{auction, limit, market, waiting};
use kedge_tests::signed::{LIFE, enclosed, message, signer, text, verify};
use kedge_tests::verbs::refused;
use kedge_tests::world::{User, World, key};
use solana_keypair::Keypair;

struct Scene {
    world: World,
    user: User,
    signer: Keypair,
}

fn start() -> Scene {
    let mut world = World::start();
    let user = world.rich(10_000);
    let signer = world.signing_delegate(user);
    Scene { world, user, signer }
}

impl Scene {
    fn header(&self, nonce: u64) -> SignedHeader {
        self.world.signed_header(self.user, nonce)
    }

    fn place(&self) -> Instruction {
        PlaceSignedOrders { market: kedge_interface::address::market(SOL), sub_account: self.user.sub }.into()
    }

    fn send(&mut self, message: &[u8]) -> Result<(), Refusal> {
        let front = verify(&self.signer, message);
        let place = self.place();
        match self.world.run_behind_in_agreement(Some(front), &place) {
            Agreed::Done => Ok(()),
            Agreed::Refused(error) => Err(error.into()),
            Agreed::Duplicate => unreachable!("no account is there twice"),
        }
    }

    fn orders(&self) -> Vec<kedge_model::account::order::Order> {
        self.world.sub(&self.user.sub).orders.into_iter().filter(|order| order.is_open()).collect()
    }
}

fn bid() -> OrderParams {
    limit(SOL, Side::Long, ONE, 149 * DOLLAR)
}

#[test]
fn anybody_places_a_signed_order_once() {
    let mut scene = start();
    let signed = message(&scene.header(7), &[bid()]);
    scene.send(&signed).expect("it is placed");
    assert_eq!(scene.send(&signed), Err(Error::SignedOrderReused.into()));
    let [order] = scene.orders()[..] else { panic!("one order") };
    assert_eq!((order.price(), order.activation_slot), (bid().price, scene.world.slot));
    // Numbers may come in any order, as text or as bytes.
    let said = text(&scene.header(5), "SOL-PERP", &[bid(), bid()]);
    scene.send(said.as_bytes()).expect("an earlier number, as a text");
    assert_eq!(scene.send(&enclosed(&said, &signer(77))), Err(Error::SignedOrderReused.into()), "in an envelope too");
    assert_eq!(scene.orders().len(), 3);
    let up_to = 9;
    let revoke = RevokeSignedOrders { signer: scene.user.authority, sub_account: scene.user.sub, up_to };
    scene.world.run(revoke).expect("revoked");
    for nonce in [1, 6, 9] {
        let signed = message(&scene.header(nonce), &[bid()]);
        assert_eq!(scene.send(&signed), Err(Error::SignedOrderReused.into()));
    }
    let signed = message(&scene.header(10), &[bid()]);
    scene.send(&signed).expect("a later number");
}

#[test]
fn no_number_ends_all_signing() {
    let mut scene = start();
    // No revocation and no message, of owner or delegate, uses up all numbers at once.
    for up_to in [u64::MAX, MAX_NUMBER_STEP + 1] {
        let revoke = RevokeSignedOrders { signer: scene.user.authority, sub_account: scene.user.sub, up_to };
        refused(scene.world.run(revoke), Error::SignedNumberTooFar);
        let signed = message(&scene.header(up_to), &[bid()]);
        assert_eq!(scene.send(&signed), Err(Error::SignedNumberTooFar.into()));
    }
    let signed = message(&scene.header(1), &[bid()]);
    scene.send(&signed).expect("the numbers are as they were");
}

#[test]
fn what_was_signed_for_a_closed_sub_account_comes_back_with_no_other() {
    let mut scene = start();
    let signed = message(&scene.header(7), &[bid()]);
    scene.send(&signed).expect("it is placed");
    let (user, mut world) = (scene.user, scene.world);
    let order = world.sub(&user.sub).open_orders().next().expect("it rests").1.id;
    world.cancel(user, order).expect("cancelled");
    world.withdraw(user, USDC, 10_000 * DOLLAR).expect("all of it");
    let (authority, receiver, trader) = (user.authority, key(6, 6), kedge_interface::address::trader(&user.authority));
    world.run(CloseSubAccount { authority, receiver, trader, sub_account: user.sub }).expect("closed");
    refused(world.run(CloseTrader { authority, receiver, trader }), Error::RecordKept);
    // The next sub-account of the same person has another address: the message does not name it.
    let sub = world.create_sub_account(authority, 1, 16).expect("the next id");
    let again = User { sub, ..user };
    world.deposit(again, USDC, 10_000 * DOLLAR).expect("money");
    let signer = world.signing_delegate(again);
    scene = Scene { world, user: again, signer };
    assert_eq!(scene.send(&signed), Err(Error::SignedOtherAccount.into()));
    assert!(scene.orders().is_empty());
}

#[test]
fn a_message_counts_only_for_its_program_account_signer_and_time() {
    let mut scene = start();
    let other = scene.world.rich(10_000);
    let now = scene.world.slot;
    let longest = MAX_SIGNED_MS.0.div_ceil(SLOT_MS);
    let good = scene.header(1);
    let cases = [
        ("another program", SignedHeader { program: [1; 32], ..good }, Error::SignedOtherProgram),
        ("another account", SignedHeader { sub_account: other.sub.to_bytes(), ..good }, Error::SignedOtherAccount),
        ("another domain", SignedHeader { domain: *b"kedge orders v2\n", ..good }, Error::SignedFormUnknown),
        ("the future", SignedHeader { slot: now + 1, ..good }, Error::SignedTooEarly),
        ("too long", SignedHeader { max_slot: now + longest + 1, ..good }, Error::SignedTooLong),
        ("no number", SignedHeader { nonce: 0, ..good }, Error::SignedOrderReused),
        ("expired", SignedHeader { slot: now - LIFE, max_slot: now - 1, ..good }, Error::SignedOrderExpired),
    ];
    for (what, header, expected) in cases {
        let signed = message(&header, &[bid()]);
        assert_eq!(scene.send(&signed), Err(expected.into()), "{what}");
        // A text says the same, but for the program and the domain, which are not in it.
        if !matches!(expected, Error::SignedOtherProgram | Error::SignedFormUnknown) {
            let said = text(&header, "SOL-PERP", &[bid()]);
            assert_eq!(scene.send(&enclosed(&said, &signer(77))), Err(expected.into()), "{what}, as a text");
        }
    }
    scene.signer = signer(78);
    let signed = message(&good, &[bid()]);
    assert_eq!(scene.send(&signed), Err(Error::WrongAuthority.into()), "a stranger's signature");
    scene.signer = signer(77);
    let signed = message(&SignedHeader { max_slot: now + longest, ..good }, &[bid()]);
    scene.send(&signed).expect("the longest time");
}

#[test]
fn each_form_is_read_to_its_end() {
    let mut scene = start();
    let (header, key) = (scene.header(1), signer(77));
    let (signed, said) = (message(&header, &[bid()]), text(&header, "SOL-PERP", &[bid()]));
    let digits: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
    let cases = [
        ("digits", digits.clone().into_bytes(), Error::SignedFormUnknown),
        ("capital digits", digits.to_uppercase().into_bytes(), Error::SignedFormUnknown),
        ("digits with 0x", format!("0x{digits}").into_bytes(), Error::SignedFormUnknown),
        ("nothing", vec![], Error::SignedFormUnknown),
        ("no order", signed[..104].to_vec(), Error::SignedLengthWrong),
        ("four orders", [&signed[..], &[0; 216]].concat(), Error::SignedLengthWrong),
        ("a byte more", [&signed[..], &[0]].concat(), Error::SignedLengthWrong),
        ("another envelope", enclosed("Send all my money", &key), Error::SignedFormUnknown),
        ("a word more", enclosed(&said.replace("limit", "limit hidden"), &key), Error::SignedTextInvalid),
        ("a line more", format!("{said}\n").into_bytes(), Error::SignedTextInvalid),
        ("another name", enclosed(&said.replace("SOL-PERP", "BTC-PERP"), &key), Error::WrongMarket),
        ("another number", enclosed(&said.replace("market 0", "market 1"), &key), Error::WrongMarket),
    ];
    for (what, signed, expected) in cases {
        assert_eq!(scene.send(&signed), Err(expected.into()), "{what}");
    }
    scene.send(&enclosed(&said, &key)).expect("the text as it is");
    let [order] = scene.orders()[..] else { panic!("one order") };
    assert_eq!((order.price(), order.size), (bid().price, bid().size));
    // Largest that fits: an entry with two legs, all of whose numbers have all their digits, stays inside a transaction.
    let leg = |kind: OrderKind, trigger| OrderParams {
        size: Size(0),
        flags: flags::LEG | flags::REDUCE_ONLY,
        ..waiting(SOL, kind, Side::Short, 0, trigger)
    };
    let entry =
        OrderParams { client_id: u64::MAX >> 17, expires_at: 1_900_000_000, price: Price(149_870_000), ..bid() };
    let legs = [leg(OrderKind::StopMarket, 140_010_000), leg(OrderKind::TakeProfitMarket, 160_010_000)];
    let said = text(&scene.header(2), "SOL-PERP", &[entry, legs[0], legs[1]]);
    assert!(said.len() + 85 < 700, "{} letters: {said}", said.len());
    scene.send(&enclosed(&said, &key)).expect("a bracket");
    assert_eq!(scene.orders().len(), 4);
}

#[test]
fn only_a_signature_that_the_runtime_has_verified_counts() {
    let mut scene = start();
    let signed = message(&scene.header(1), &[bid()]);
    let (good, place) = (verify(&scene.signer, &signed), scene.place());
    let refused = |scene: &mut Scene, transaction: &[Instruction]| {
        let refusal = scene.world.run_all(transaction).expect_err("refused").refusal;
        assert!(scene.orders().is_empty());
        refusal
    };
    let invalid: Refusal = Error::SignedOrderInvalid.into();
    assert_eq!(refused(&mut scene, std::slice::from_ref(&place)), invalid, "nothing in front");
    assert_eq!(refused(&mut scene, &[place.clone(), good.clone()]), invalid, "behind");
    // The same data under another program, which verifies nothing.
    let forged = Instruction { program_id: key(9, 9), ..good.clone() };
    assert!(matches!(refused(&mut scene, &[forged, place.clone()]), Refusal::Transaction(_) | Refusal::Builtin(_)));
    // A description whose message lies in another instruction: the runtime accepts it, the program does not.
    let mut elsewhere = good.clone();
    elsewhere.data[14..16].copy_from_slice(&0u16.to_le_bytes());
    assert_eq!(refused(&mut scene, &[elsewhere, place.clone()]), invalid, "the message is elsewhere");
    // One byte of signature, key or message: the runtime refuses the transaction.
    for at in [20, 60, 130] {
        let mut broken = good.clone();
        broken.data[at] ^= 1;
        let refusal = refused(&mut scene, &[broken, place.clone()]);
        assert!(!matches!(refusal, Refusal::Number(number) if number >= 6000), "byte {at}: {refusal:?}");
    }
    // Several signatures, among which the program could not tell the meant one.
    let mut none = good.clone();
    none.data[0] = 0;
    let _ = refused(&mut scene, &[none, place.clone()]);
    scene.world.run_all(&[good, place]).expect("the true one");
}

#[test]
fn the_auction_begins_when_the_message_is_placed() {
    let mut scene = start();
    // 12 slots from 150.00 to 150.60: 0.05 a slot.
    let ask = OrderParams { auction_ms: 4_800, ..auction(SOL, Side::Long, ONE, 150 * DOLLAR, 150_600_000) };
    let (explicit, derived) = (message(&scene.header(1), &[ask]), {
        let order = OrderParams { auction_ms: 4_800, ..market(SOL, Side::Long, ONE, 0) };
        message(&scene.header(2), &[order])
    });
    // Kept back for longer than it lasts, it has lost nothing.
    scene.world.pass_slots(40);
    scene.world.refresh_everything();
    scene.send(&explicit).expect("placed late");
    scene.send(&derived).expect("placed late");
    let [first, second] = scene.orders()[..] else { panic!("two orders") };
    let (slot, tick) = (scene.world.slot, Price(10_000));
    assert_eq!(first.limit_price(slot, Price(150_000_000), tick), Ok(Price(150_000_000)));
    assert_eq!((first.auction_end, first.auction_slots), (Price(150_600_000), 12));
    assert_eq!(first.activation_slot, slot, "no price from before the placing will do at the vAMM");
    // From the oracle to half a percent beyond.
    assert_eq!(second.limit_price(slot, Price(150_000_000), tick), Ok(Price(150_000_000)));
    assert_eq!(second.limit_price(slot + 4, Price(150_000_000), tick), Ok(Price(150_250_000)));
}
