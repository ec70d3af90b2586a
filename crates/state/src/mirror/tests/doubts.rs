//! Events and answers that are impossible or late, and how the mirror treats them.

use super::*;

/// A mirror of a chain with some accounts.
fn start(seed: u64) -> (Random, Chain, Mirror) {
    let (mut random, mut chain) = (Random(seed), Chain::new());
    for _ in 0..60 {
        let _ = chain.change(&mut random);
    }
    chain.slot = 1_000;
    let mirror = Mirror::new(chain.world());
    (random, chain, mirror)
}

/// Changes an account that stays open. Returns the event of the change with another slot.
fn told(chain: &mut Chain, random: &mut Random, slot: impl Into<Option<u64>>) -> (Pubkey, Event) {
    let slot = slot.into().unwrap_or(chain.slot);
    loop {
        if let Event::Account { address, data: Some(data), .. } = chain.change(random) {
            return (address, Event::Account { slot, version: 0, address, data: Some(data) });
        }
        // A closed account was read again too.
    }
}

/// Reads again the accounts in doubt, as [`crate::subscribe::Subscriber`] does.
fn reread(mirror: &mut Mirror, chain: &Chain) {
    let read = |address: Pubkey| (address, chain.accounts.get(&address).cloned().map(Account::from));
    let doubts: Vec<_> = mirror.doubts().into_iter().map(read).collect();
    mirror.reread(chain.slot, doubts);
}

#[test]
fn an_account_that_is_only_ever_outdated_is_read_again() {
    let (mut random, mut chain, mut mirror) = start(21);
    // The slot in which the subscription began, for ever.
    let began = chain.slot - 300;
    for round in 0..200 {
        chain.slot += 1;
        let (address, event) = told(&mut chain, &mut random, began);
        mirror.apply(event);
        assert!(mirror.doubts().contains(&address), "round {round}");
        reread(&mut mirror, &chain);
        assert!(mirror.doubts().is_empty());
        assert_eq!(mirror.world().accounts[&address], Account::from(chain.accounts[&address].clone()));
        // The sums reveal the changes in between.
        look(&mut mirror, &chain);
    }
    assert!(mirror.counts.outdated >= 200 && mirror.counts.updates == 0, "{:?}", mirror.counts);
    assert_eq!(mirror.blind(), Some(Blind::Late));
    // A new connection starts with a clean record, and so does a minute without a rejected event.
    mirror.apply(Event::Gap);
    assert_eq!(mirror.blind(), None);
}

#[test]
fn what_is_told_twice_is_no_doubt() {
    let (mut random, mut chain, mut mirror) = start(22);
    chain.slot += 1;
    let (_, event) = told(&mut chain, &mut random, None);
    mirror.apply(event.clone());
    let Event::Account { address, data, .. } = event else { panic!("an account") };
    for _ in 0..40 {
        mirror.apply(Event::Account { slot: 990, version: 0, address, data: data.clone() });
    }
    assert_eq!((mirror.counts.outdated, mirror.doubts().len(), mirror.blind()), (40, 0, None));
}

#[test]
fn a_notice_from_the_end_of_time_freezes_nothing() {
    let (mut random, mut chain, mut mirror) = start(23);
    for far in [u64::MAX, u64::MAX - 4, chain.slot + AHEAD + 1] {
        let (address, event) = told(&mut chain, &mut random, far);
        mirror.apply(event);
        // The event's slot is not believed; the change is.
        assert!(mirror.doubts().contains(&address));
        chain.slot += 1;
        let data = chain.accounts.get_mut(&address).unwrap();
        data.orders[0].size = Size(3);
        let data = data.clone();
        mirror.apply(Event::Account { slot: chain.slot, version: 0, address, data: Some(data.clone()) });
        assert_eq!(mirror.world().accounts[&address], Account::from(data), "the next notice counts");
        assert!(mirror.doubts().is_empty());
    }
    assert_eq!(mirror.counts.impossible, 3);
}

#[test]
fn a_notice_from_the_near_future_freezes_until_then_at_most() {
    let (mut random, mut chain, mut mirror) = start(24);
    let ahead = chain.slot + AHEAD;
    let (address, event) = told(&mut chain, &mut random, ahead);
    mirror.apply(event);
    chain.accounts.get_mut(&address).unwrap().orders[0].size = Size(3);
    let now = chain.accounts[&address].clone();
    let mut slots = 0;
    while mirror.world().accounts[&address] != Account::from(now.clone()) {
        chain.slot += 1;
        slots += 1;
        mirror.apply(Event::Account { slot: chain.slot, version: 0, address, data: Some(now.clone()) });
        reread(&mut mirror, &chain);
        look(&mut mirror, &chain);
        assert!(slots <= AHEAD, "still frozen");
    }
}

#[test]
fn an_answer_of_an_impossible_slot_freezes_nothing_either() {
    let (mut random, mut chain, mut mirror) = start(25);
    mirror.apply(Event::Gap);
    assert!(mirror.snapshot(u64::MAX, chain.world()));
    chain.slot += 1;
    let (address, event) = told(&mut chain, &mut random, None);
    mirror.apply(event);
    assert_eq!(mirror.world().accounts[&address], Account::from(chain.accounts[&address].clone()));
    mirror.reread(u64::MAX, [(address, None)]);
    chain.slot += AHEAD + 2;
    look(&mut mirror, &chain);
    let (again, event) = told(&mut chain, &mut random, None);
    mirror.apply(event);
    assert_eq!(mirror.world().accounts[&again], Account::from(chain.accounts[&again].clone()));
}

#[test]
fn bytes_that_cannot_be_read_do_not_end_an_account() {
    let (_, chain, mut mirror) = start(26);
    let (address, data) = chain.accounts.iter().next().unwrap();
    mirror.apply(Event::Unclear { slot: chain.slot, address: *address });
    assert_eq!(mirror.world().accounts[address], Account::from(data.clone()), "it stays as it was known");
    assert_eq!((mirror.doubts(), mirror.counts.unclear), (vec![*address], 1));
    reread(&mut mirror, &chain);
    assert_true(&mirror, &chain);
    // A reading confirms that a closed account is closed.
    mirror.apply(Event::Unclear { slot: chain.slot, address: *address });
    mirror.reread(chain.slot, [(*address, None)]);
    assert!(!mirror.world().accounts.contains_key(address));
}

#[test]
fn many_doubts_are_a_snapshot() {
    let (_, chain, mut mirror) = start(27);
    for byte in 0..=MOST_DOUBTS as u8 {
        assert!(!mirror.wants_snapshot());
        mirror.apply(Event::Unclear { slot: chain.slot, address: Pubkey::new_from_array([100 + byte; 32]) });
    }
    assert!(mirror.wants_snapshot() && mirror.doubts().is_empty());
}

#[test]
fn a_list_without_accounts_is_not_believed() {
    let (_, mut chain, mut mirror) = start(28);
    for _ in 0..3 {
        chain.slot += 100;
        let mut empty = chain.world();
        empty.accounts.clear();
        assert!(!mirror.snapshot(chain.slot, empty));
        assert!(mirror.wants_snapshot());
        assert_eq!(mirror.blind(), Some(Blind::Empty));
        assert_true(&mirror, &chain);
    }
    assert_eq!((mirror.counts.disbelieved, mirror.counts.snapshots), (3, 1));
    look(&mut mirror, &chain);
    assert_eq!((mirror.blind(), mirror.wants_snapshot()), (None, false));
    // An exchange without debts to users may have no accounts.
    let mut nothing = Chain::new();
    nothing.slot = chain.slot + 1;
    assert!(mirror.snapshot(nothing.slot, nothing.world()));
    assert_true(&mirror, &nothing);
}

#[test]
fn accounts_that_never_add_up_are_blindness() {
    let (_, mut chain, mut mirror) = start(29);
    let partial = |chain: &Chain| {
        let mut world = chain.world();
        let most = |account: &Account| account.head.positions[0].base.0.abs();
        let gone = *world.accounts.iter().max_by_key(|(_, account)| most(account)).unwrap().0;
        world.accounts.remove(&gone);
        world
    };
    mirror.apply(Event::Gap);
    let mut blind_after = None;
    for slots in 0..100 {
        chain.slot += 1;
        if mirror.wants_snapshot() {
            assert!(mirror.snapshot(chain.slot, partial(&chain)));
        } else {
            assert!(mirror.refresh(chain.rest()));
        }
        if matches!(mirror.blind(), Some(Blind::Unbalanced(_))) {
            blind_after = blind_after.or(Some(slots));
        }
    }
    assert!(blind_after.is_some_and(|slots| slots <= 3 * PATIENCE), "{blind_after:?}");
    // Another endpoint shows all of them.
    mirror.apply(Event::Gap);
    look(&mut mirror, &chain);
    assert_eq!(mirror.blind(), None);
    assert_true(&mirror, &chain);
}

#[test]
fn polled_accounts_that_never_add_up_are_blindness_too() {
    let (_, mut chain, mut mirror) = start(30);
    for _ in 0..=3 * PATIENCE {
        chain.slot += 1;
        let mut world = chain.world();
        world.accounts.pop_first();
        world.accounts.pop_first();
        assert!(mirror.snapshot(chain.slot, world));
    }
    assert!(matches!(mirror.blind(), Some(Blind::Unbalanced(_))), "{:?}", mirror.counts);
}

#[test]
fn accounts_that_were_never_created_do_not_fill_the_memory() {
    let (mut random, chain, mut mirror) = start(31);
    let created = chain.accounts.len();
    for number in 0..50_000u64 {
        let mut bytes = [9; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let address = Pubkey::new_from_array(bytes);
        let data = (number % 2 == 0).then(|| Chain::data(&mut random, number));
        mirror.apply(Event::Account { slot: chain.slot, version: 0, address, data });
    }
    assert!(mirror.world().accounts.len() <= created + CREATED, "{}", mirror.world().accounts.len());
    assert!(mirror.slots.len() <= created + CREATED + GONE, "{}", mirror.slots.len());
    assert!(mirror.wants_snapshot() && mirror.blind() == Some(Blind::Late));
    look(&mut mirror, &chain);
    assert_true(&mirror, &chain);
    assert_eq!(mirror.slots.len(), created);
}

#[test]
fn what_was_gone_before_a_snapshot_does_not_come_back() {
    let (mut random, mut chain, mut mirror) = start(32);
    let (address, old) = told(&mut chain, &mut random, None);
    mirror.apply(old);
    chain.accounts.remove(&address);
    chain.slot += 100;
    mirror.apply(Event::Gap);
    look(&mut mirror, &chain);
    let late =
        Event::Account { slot: chain.slot - SLACK - 1, version: 0, address, data: Some(Chain::data(&mut random, 7)) };
    mirror.apply(late);
    assert_true(&mirror, &chain);
    reread(&mut mirror, &chain);
    assert_true(&mirror, &chain);
}

#[test]
fn a_recording_knows_of_doubts() {
    let (mut random, mut chain, mut mirror) = start(33);
    let begin = chain.world();
    let path = std::env::temp_dir().join(format!("kedge-doubts-{}.replay", std::process::id()));
    let mut recorder = Recorder::create(&path, 1 << 30, &Pubkey::default()).unwrap();
    let began = chain.slot - 300;
    for round in 0..50 {
        chain.slot += 1;
        let (address, event) = told(&mut chain, &mut random, began);
        let event = if round % 3 == 0 { Event::Unclear { slot: began, address } } else { event };
        recorder.event(&event).unwrap();
        mirror.apply(event);
        let read = |address: Pubkey| (address, chain.accounts.get(&address).cloned().map(Account::from));
        let found: Vec<_> = mirror.doubts().into_iter().map(read).collect();
        recorder.again(chain.slot, &found).unwrap();
        mirror.reread(chain.slot, found);
    }
    drop(recorder);
    let mut again = Mirror::new(begin);
    let mut recording = Recording::open(&path).unwrap();
    while let Some(record) = recording.read().unwrap() {
        match record {
            Record::Event(event) => again.apply(event),
            Record::Again { slot, changes } => again.reread(slot, changes),
            other => panic!("{other:?}"),
        }
    }
    std::fs::remove_file(&path).unwrap();
    assert_eq!(again.world().accounts, mirror.world().accounts);
    assert_eq!(again.counts, mirror.counts);
}
