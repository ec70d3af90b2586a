//! A keeper that follows the chain over Yellowstone gRPC, here from a server over the local chain.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use kedge_client::Client;
use kedge_interface::PROGRAM_ID;
use kedge_interface::account::{AccountKind, decode_sub_account};
use kedge_model::account::sub_account::SubAccount;
use solana_pubkey::Pubkey;
use yellowstone_grpc_proto::geyser::SlotStatus;

use crate::geyser::{Plugin, Subscriber, TOKEN};
use crate::{ONE, PATIENCE, Running, SOL, buy, check, command, join, restrict, sender};
use kedge_testbed::fixture::Fixture;

/// Sends a subscriber every slot and every changed sub-account until the test ends.
async fn stream_accounts(client: Client, mut subscriber: Subscriber) {
    let asked = subscriber.requests.message().await.unwrap().unwrap();
    assert_eq!(asked.accounts.len(), 1);
    let (mut known, mut version) = (HashMap::<Pubkey, Vec<u8>>::new(), 0);
    loop {
        let slot = client.rpc().get_slot().await.unwrap_or_default();
        subscriber.slot(slot, SlotStatus::SlotProcessed);
        for (address, account) in client.rpc().get_program_accounts(&PROGRAM_ID).await.unwrap_or_default() {
            let is_one = account.data.starts_with(&SubAccount::DISCRIMINATOR);
            if is_one && known.get(&address) != Some(&account.data) {
                assert!(decode_sub_account(&account.data).is_ok());
                version += 1;
                subscriber.account(slot, version, address.to_bytes(), Some(&account.data));
                known.insert(address, account.data);
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn an_order_that_yellowstone_tells_of_is_filled() {
    let fixture = Fixture::start();
    let url = fixture.localnet.rpc_url().to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (keeper, _) = fixture.wallet("keeper", 1_000);
    restrict(&keeper);
    let own = sender(&url, &keeper);
    runtime.block_on(join(&own, 100));
    let (trader, _) = fixture.wallet("trader", 100_000);
    let trader = sender(&url, &trader);
    let account = runtime.block_on(join(&trader, 50_000));
    let (address, mut subscribers) = runtime.block_on(Plugin::start());
    let client = own.client().clone();
    runtime.spawn(async move {
        while let Some(subscriber) = subscribers.recv().await {
            tokio::spawn(stream_accounts(client.clone(), subscriber));
        }
    });

    let with = |token: &str| {
        let mut command = command(&url, &keeper);
        command.args(["--jobs", "oracle,filler,amm"]).env("KEDGE_KEEPER__ORACLE__MIN_AGE_S", "1");
        command.env("KEDGE_KEEPER__ACCOUNT__ID", "0").env("KEDGE_KEEPER__SOURCE__KIND", "yellowstone");
        command.env("KEDGE_KEEPER__SOURCE__URL", format!("http://{address}"));
        command.env("KEDGE_KEEPER__SOURCE__TOKEN", token);
        command
    };
    let (said, code) = check(with("guessed"));
    assert!(code == Some(1) && said.contains("Yellowstone FAIL") && !said.contains("guessed"), "{said}");
    let (said, code) = check(with(TOKEN));
    assert!(code == Some(0) && said.contains(&format!("Yellowstone ok http://{address}, version test")), "{said}");
    let keeper = Running::start(with(TOKEN));
    keeper.wait_for_answer("/metrics", |_, body| body.contains("kedge_keeper_source_up 1\n"));
    runtime.block_on(buy(&trader, account, 2 * ONE));
    let start = Instant::now();
    loop {
        let found = runtime.block_on(trader.client().sub_account(account)).unwrap();
        if found.head.position(SOL).is_ok_and(|position| position.base.0 == 2 * ONE as i64) {
            break;
        }
        // The snapshot of every minute is not due yet: only the stream told of the order.
        assert!(start.elapsed() < PATIENCE / 2, "{:#?}", keeper.log.lock().unwrap());
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("filled {:?} after it was placed", start.elapsed());
    let metrics =
        keeper.wait_for_answer("/metrics", |_, body| body.contains("kedge_keeper_mirror_events{kind=\"updates\"}"));
    assert!(!metrics.contains("kedge_keeper_mirror_events{kind=\"updates\"} 0\n"), "{metrics}");
    assert_eq!(keeper.terminate().0, Some(0));
}
