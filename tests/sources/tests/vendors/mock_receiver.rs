//! The mock receiver on the virtual machine: updates of the publisher and of Hermes become accounts that the vendor's
//! reader and the program read equally.

use std::time::Duration;

use anchor_lang_of_pyth::AccountDeserialize;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use borsh::BorshSerialize;
use kedge_interface::Instruction;
use kedge_interface::address::pyth::PUSH_ORACLE;
use kedge_keeper::publishers::hermes::{Asking, Hermes};
use kedge_keeper::publishers::instruction::{Builder, sponsored};
use kedge_keeper::publishers::{Message, Offer, Prices, Unavailable, accumulator};
use kedge_model::account::board::receivers;
use kedge_oracle::pyth_pull::{Expected, RECEIVER, parse};
use litesvm::LiteSVM;
use pyth_solana_receiver_sdk::price_update::{PriceUpdateV2, VerificationLevel};
use pyth_solana_receiver_sdk::{PostUpdateAtomicParams, PostUpdateParams};
use pythnet_sdk::accumulators::Accumulator;
use pythnet_sdk::accumulators::merkle::{MerkleRoot, MerkleTree};
use pythnet_sdk::hashers::keccak256_160::Keccak160;
use pythnet_sdk::messages::{Message as Signed, PriceFeedMessage, TwapMessage};
use pythnet_sdk::wire::v1::{
    AccumulatorUpdateData, MerklePriceUpdate, Proof, WormholeMerkleRoot, WormholeMessage, WormholePayload,
};
use pythnet_sdk::wire::{PrefixedVec, to_vec};
use solana_keypair::Keypair;
use solana_message::Message as Compiled;
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_transaction::Transaction;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SOL: [u8; 32] = [0xef; 32];
const BTC: [u8; 32] = [0xe6; 32];
const NOW: i64 = 1_790_000_000;

/// A chain with the mock at both addresses.
struct Chain {
    svm: LiteSVM,
    payer: Keypair,
}

impl Chain {
    fn start() -> Self {
        let path = format!("{}/../../target/deploy/kedge_mock_receiver.so", env!("CARGO_MANIFEST_DIR"));
        let program = std::fs::read(&path).expect("target/deploy/kedge_mock_receiver.so is missing: `make program`");
        let mut svm = LiteSVM::new();
        for address in [RECEIVER, PUSH_ORACLE] {
            svm.add_program(address, &program).expect("the chain takes the program");
        }
        let payer = Keypair::new();
        svm.airdrop(&payer.pubkey(), 10_000_000_000).unwrap();
        Self { svm, payer }
    }

    fn builder(&self) -> Builder {
        Builder::new(self.payer.pubkey())
    }

    /// Compute units of a transaction, or its log when it fails.
    fn send(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Result<u64, String> {
        self.svm.expire_blockhash();
        let message = Compiled::new(instructions, Some(&self.payer.pubkey()));
        let mut keys = vec![&self.payer];
        keys.extend(signers);
        let transaction = Transaction::new(&keys, message, self.svm.latest_blockhash());
        let done = self.svm.send_transaction(transaction);
        done.map(|done| done.compute_units_consumed).map_err(|failed| failed.meta.logs.join("\n"))
    }

    fn account(&self, address: &Pubkey) -> (Pubkey, Vec<u8>) {
        let account = self.svm.get_account(address).expect("the price account");
        (account.owner, account.data)
    }
}

/// Reads the account with both readers, which must agree.
fn read(data: &[u8], owner: &Pubkey, feed: &[u8; 32]) -> PriceUpdateV2 {
    let expected = Expected { feed_id: feed, receivers: receivers::UPGRADED, partial_from: Some(1), multiple: 0 };
    let by_program = parse(owner, data, &expected).expect("a price");
    assert_eq!(Some(by_program), crate::pyth_pull::by_vendor(data));
    PriceUpdateV2::try_deserialize(&mut &data[..]).expect("the vendor reads it")
}

fn signed(feed_id: [u8; 32], price: i64, publish_time: i64) -> PriceFeedMessage {
    PriceFeedMessage {
        feed_id,
        price,
        conf: 5_123_456,
        exponent: -8,
        publish_time,
        prev_publish_time: publish_time - 1,
        ema_price: price - 77,
        ema_conf: 5_000_001,
    }
}

/// An accumulator update with `signatures` signatures, and the root of its tree.
fn update(messages: &[Signed], signatures: u8) -> (Vec<u8>, MerkleRoot<Keccak160>) {
    let bytes: Vec<Vec<u8>> = messages.iter().map(|one| to_vec::<_, byteorder::BE>(one).unwrap()).collect();
    let leaves: Vec<&[u8]> = bytes.iter().map(Vec::as_slice).collect();
    let tree = MerkleTree::<Keccak160>::from_set(leaves.iter().copied()).expect("a tree");
    let root = WormholeMerkleRoot { slot: 9, ring_size: 1, root: tree.root.as_bytes().try_into().unwrap() };
    let payload = to_vec::<_, byteorder::BE>(&WormholeMessage::new(WormholePayload::Merkle(root))).unwrap();
    let mut vaa = vec![1, 0, 0, 0, 4, signatures];
    (0..signatures).for_each(|index| vaa.extend([index; 66]));
    // Time, nonce, emitter chain and address, sequence, consistency level.
    vaa.extend([0; 4 + 4 + 2 + 32 + 8 + 1]);
    vaa.extend(&payload);
    let updates = bytes.iter().map(|one| MerklePriceUpdate {
        message: PrefixedVec::from(one.clone()),
        proof: tree.prove(one).expect("it is in the tree"),
    });
    let data = AccumulatorUpdateData::new(Proof::WormholeMerkle { vaa: vaa.into(), updates: updates.collect() });
    (to_vec::<_, byteorder::BE>(&data).unwrap(), tree.root)
}

#[test]
fn our_message_is_the_vendors() {
    let ours = Message { previous_publish_time: NOW - 7, ..Message::of(SOL, 171.25, NOW) };
    let theirs = PriceFeedMessage {
        feed_id: SOL,
        price: ours.price,
        conf: ours.confidence,
        exponent: ours.exponent,
        publish_time: NOW,
        prev_publish_time: NOW - 7,
        ema_price: ours.average_price,
        ema_conf: ours.average_confidence,
    };
    assert_eq!(ours.encode(), to_vec::<_, byteorder::BE>(&Signed::PriceFeedMessage(theirs)).unwrap());
}

#[test]
fn several_sponsored_feeds_are_created_and_updated_in_one_transaction() {
    let mut chain = Chain::start();
    let builder = chain.builder();
    // Lamports at the address beforehand do not keep an account from being created.
    chain.svm.airdrop(&sponsored(&BTC), 1_000_000).unwrap();
    let push = |prices: [(f64, i64); 2]| {
        [(SOL, prices[0]), (BTC, prices[1])].map(|(feed, (dollars, time))| {
            builder.update_price_feed(0, &Offer::unproven(Message::of(feed, dollars, time)))
        })
    };
    let created = chain.send(&push([(171.25, NOW), (98_765.5, NOW)]), &[]).expect("created");
    let (owner, data) = chain.account(&sponsored(&SOL));
    assert_eq!((owner, data.len()), (RECEIVER, PriceUpdateV2::LEN));
    let found = read(&data, &owner, &SOL);
    assert_eq!(found.verification_level, VerificationLevel::Full);
    assert_eq!(found.write_authority.to_bytes(), sponsored(&SOL).to_bytes());
    assert_eq!((found.price_message.price, found.price_message.publish_time), (17_125_000_000, NOW));

    // Only one of the second pair is newer; the other changes nothing and is no error.
    chain.svm.warp_to_slot(77);
    let updated = chain.send(&push([(180.0, NOW), (99_000.0, NOW + 1)]), &[]).expect("updated");
    assert_eq!(chain.account(&sponsored(&SOL)).1, data);
    let (owner, data) = chain.account(&sponsored(&BTC));
    let found = read(&data, &owner, &BTC);
    assert_eq!((found.price_message.price, found.posted_slot), (9_900_000_000_000, 77));
    println!("compute units of two feeds: {created} when created, {updated} when one is updated");
    assert!(created < 60_000 && updated < 40_000, "{created} {updated}");
}

#[test]
fn what_the_real_programs_refuse_is_refused() {
    let mut chain = Chain::start();
    let good = chain.builder().update_price_feed(0, &Offer::unproven(Message::of(SOL, 1.0, NOW)));
    let mut elsewhere = good.clone();
    elsewhere.accounts[5].pubkey = sponsored(&BTC);
    assert!(chain.send(&[elsewhere], &[]).unwrap_err().contains("seeds"), "another feed's account");
    let mut other_feed = good.clone();
    other_feed.data[8 + 4 + 1] ^= 1;
    assert!(chain.send(&[other_feed], &[]).is_err(), "a message of another feed");
    let mut average = good.clone();
    average.data[8 + 4] = 1;
    assert!(chain.send(&[average], &[]).is_err(), "an average over time is no price");
    for end in 0..good.data.len() {
        let mut cut = good.clone();
        cut.data.truncate(end);
        assert!(chain.send(&[cut], &[]).is_err(), "cut after {end} bytes");
    }
    let key = Keypair::new();
    let mut unsigned = chain.builder().post_update(key.pubkey(), &Offer::unproven(Message::of(SOL, 1.0, NOW)));
    unsigned.accounts[6].is_signer = false;
    unsigned.accounts[6].pubkey = Pubkey::new_unique();
    assert!(chain.send(&[unsigned], &[&key]).is_err(), "the write authority has not signed");
    chain.send(&[good], &[]).expect("the good one");
}

#[test]
fn an_account_of_our_own_is_written_without_evidence() {
    let mut chain = Chain::start();
    let key = Keypair::new();
    let post = chain.builder().post_update(key.pubkey(), &Offer::unproven(Message::of(SOL, 171.25, NOW)));
    let vendors = PostUpdateParams {
        merkle_price_update: MerklePriceUpdate {
            message: PrefixedVec::from(Message::of(SOL, 171.25, NOW).encode()),
            proof: pythnet_sdk::accumulators::merkle::MerklePath::new(vec![]),
        },
        treasury_id: 0,
    };
    assert_eq!(post.data[8..], borsh(&vendors));
    chain.send(&[post], &[&key]).expect("posted");
    let (owner, data) = chain.account(&key.pubkey());
    assert_eq!(read(&data, &owner, &SOL).write_authority.to_bytes(), chain.payer.pubkey().to_bytes());
}

fn borsh(value: &impl BorshSerialize) -> Vec<u8> {
    borsh::to_vec(value).unwrap()
}

#[test]
fn an_update_of_the_accumulator_is_posted_with_its_proof() {
    let twap = TwapMessage {
        feed_id: SOL,
        cumulative_price: 1,
        cumulative_conf: 2,
        num_down_slots: 3,
        exponent: -8,
        publish_time: NOW,
        prev_publish_time: NOW,
        publish_slot: 4,
    };
    let messages = [
        Signed::PriceFeedMessage(signed(SOL, 17_123_456_789, NOW)),
        Signed::TwapMessage(twap),
        Signed::PriceFeedMessage(signed(BTC, 9_876_543_210_000, NOW - 1)),
    ];
    for (signatures, kept) in [(3, 3), (13, 5)] {
        let (bytes, root) = update(&messages, signatures);
        let offers = accumulator::parse(&bytes).expect("an update");
        assert_eq!(offers.len(), 2, "the average is left out");
        let mut chain = Chain::start();
        for (offer, feed) in offers.iter().zip([SOL, BTC]) {
            let key = Keypair::new();
            let post = chain.builder().post_update(key.pubkey(), offer);
            let mut arguments = &post.data[8..];
            let vendors: PostUpdateAtomicParams =
                borsh::BorshDeserialize::deserialize(&mut arguments).expect("the vendor's arguments");
            assert!(arguments.is_empty() && vendors.vaa[5] == kept);
            let priced = vendors.merkle_price_update;
            assert!(root.check(priced.proof, priced.message.as_ref()), "the proof leads to the root");
            chain.send(&[post], &[&key]).expect("posted, and not too long");
            let (owner, data) = chain.account(&key.pubkey());
            let found = read(&data, &owner, &feed);
            assert_eq!(found.verification_level, VerificationLevel::Partial { num_signatures: kept });
            let Some(Signed::PriceFeedMessage(sent)) = messages.iter().find(|one| match one {
                Signed::PriceFeedMessage(price) => price.feed_id == feed,
                _ => false,
            }) else {
                panic!("it was sent")
            };
            assert_eq!(found.price_message, *sent);
        }
    }
}

/// Answers each connection with the next of `answers`, never for an empty one; returns the requests.
async fn serve(answers: Vec<String>) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut asked, mut silent) = (Vec::new(), Vec::new());
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 8_192];
            let length = stream.read(&mut request).await.unwrap();
            asked.push(String::from_utf8_lossy(&request[..length]).into_owned());
            if answer.is_empty() {
                silent.push(stream);
                continue;
            }
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        asked
    });
    (url, served)
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
}

/// Hermes' answer with these prices.
fn hermes(prices: &[PriceFeedMessage], said: i64) -> String {
    let messages: Vec<Signed> = prices.iter().map(|one| Signed::PriceFeedMessage(*one)).collect();
    let parsed: Vec<serde_json::Value> = prices
        .iter()
        .map(|one| {
            let id: String = one.feed_id.iter().map(|byte| format!("{byte:02x}")).collect();
            let number = |price: i64, conf: u64| {
                serde_json::json!({ "price": price.to_string(), "conf": conf.to_string(), "expo": one.exponent,
                    "publish_time": one.publish_time })
            };
            serde_json::json!({ "id": id, "price": number(one.price + said, one.conf),
                "ema_price": number(one.ema_price, one.ema_conf),
                "metadata": { "slot": 9, "proof_available_time": NOW, "prev_publish_time": one.prev_publish_time } })
        })
        .collect();
    let data = BASE64_STANDARD.encode(update(&messages, 3).0);
    serde_json::json!({ "binary": { "encoding": "base64", "data": [data] }, "parsed": parsed }).to_string()
}

fn ask(url: &str) -> Hermes {
    let asking =
        Asking { url: url.into(), api_key: Some("s3cret".into()), timeout: Duration::from_millis(300), max_age: 20 };
    Hermes::new(&asking, &[SOL, BTC]).expect("an address")
}

#[tokio::test]
async fn hermes_is_asked_and_understood() {
    let prices = [signed(SOL, 17_123_456_789, NOW), signed(BTC, 9_876_543_210_000, NOW - 30)];
    let (url, served) = serve(vec![answer("200 OK", "", &hermes(&prices, 0))]).await;
    let offers = ask(&url).look(NOW + 2).await.expect("prices");
    let [offer] = &offers[..] else { panic!("BTC is too old: {offers:?}") };
    assert_eq!((offer.message.feed_id, offer.message.price), (SOL, 17_123_456_789));
    let asked = served.await.unwrap().remove(0);
    let (sol, btc) = ("ef".repeat(32), "e6".repeat(32));
    assert!(asked.starts_with("GET /v2/updates/price/latest?ids%5B%5D="), "{asked}");
    assert!(asked.contains(&sol) && asked.contains(&btc) && asked.contains("encoding=base64"), "{asked}");
    assert!(asked.to_lowercase().contains("authorization: bearer s3cret"), "{asked}");

    let mut chain = Chain::start();
    let key = Keypair::new();
    let post = chain.builder().post_update(key.pubkey(), offer);
    chain.send(&[post], &[&key]).expect("posted");
    let (owner, data) = chain.account(&key.pubkey());
    assert_eq!(read(&data, &owner, &SOL).price_message, prices[0]);
}

#[tokio::test]
async fn hermes_is_left_alone_when_it_refuses() {
    let good = hermes(&[signed(SOL, 1_000_000_000, NOW)], 0);
    let (url, served) = serve(vec![
        answer("429 Too Many Requests", "Retry-After: 7\r\n", ""),
        answer("429 Too Many Requests", "", ""),
        answer("503 Service Unavailable", "", ""),
        answer("401 Unauthorized", "Retry-After: 9999\r\n", ""),
        // No answer.
        String::new(),
        answer("200 OK", "", &good),
        answer("503 Service Unavailable", "", ""),
    ])
    .await;
    let mut source = ask(&url);
    let mut rests = Vec::new();
    for told in ["asked too often", "asked too often", "503", "API key", "in time"] {
        let Err(Unavailable { reason, rest }) = source.look(NOW).await else { panic!("refused with {told}") };
        assert!(reason.contains(told) && !reason.contains("127.0.0.1") && !reason.contains("s3cret"), "{reason}");
        rests.push(rest.expect("a pause").as_secs());
    }
    assert_eq!(rests, [7, 2, 4, 60, 16]);
    assert_eq!(source.look(NOW).await.expect("prices").len(), 1);
    let after = source.look(NOW).await.unwrap_err().rest.unwrap();
    assert_eq!(after.as_secs(), 1, "an answer ends the pauses");
    served.await.unwrap();
    let nobody = source.look(NOW).await.unwrap_err();
    assert!(nobody.reason.contains("cannot be reached"), "{nobody}");
}

#[tokio::test]
async fn answers_that_are_old_or_contradict_themselves_are_not_used() {
    let price = [signed(SOL, 1_000_000_000, NOW)];
    let broken = r#"{"binary":{"encoding":"base64","data":["UE5BVQE="]}}"#;
    let none = r#"{"binary":{"encoding":"base64","data":[]},"parsed":[]}"#;
    let bodies = [hermes(&price, 0), hermes(&price, 1), broken.into(), none.into(), "<html>".into()];
    let (url, served) = serve(bodies.iter().map(|body| answer("200 OK", "", body)).collect()).await;
    let mut source = ask(&url);
    let stale = source.look(NOW + 21).await.unwrap_err();
    assert_eq!(stale.reason, "the prices of Hermes are 21 s old");
    for told in ["something else", "something else", "no prices", "something else"] {
        let said = source.look(NOW).await.unwrap_err();
        assert!(said.reason.contains(told), "{said} instead of {told}");
    }
    served.await.unwrap();
}
