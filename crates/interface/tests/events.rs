//! Event batches from self-calls and from logs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kedge_interface::PROGRAM_ID;
use kedge_interface::address::TOKEN_PROGRAM;
use kedge_interface::event::{EVENT_IX_TAG, Event, EventBatch, from_logs};
use kedge_model::event::{Batch, DepositRecord, EventKind, EventSink, FillRecord, FillSource, NO_MARKET};
use kedge_model::quantity::{Amount, Size};

fn message() -> (Vec<u8>, Vec<Event>) {
    let deposit = DepositRecord { amount: Amount(5_000_000), balance: Amount(9_000_000), ..DepositRecord::default() };
    let fill = FillRecord { size: Size(2_500_000_000), source: FillSource::Amm as u8, ..FillRecord::default() };
    let mut buffer = vec![0u8; 2_048];
    let mut batch = Batch::new(&mut buffer, 0);
    batch.record(EventKind::Deposit, bytemuck::bytes_of(&deposit));
    batch.record(EventKind::Fill, bytemuck::bytes_of(&fill));
    let message = batch.finish([9; 32], 41, 1_000, NO_MARKET).unwrap().to_vec();
    (message, vec![Event::Deposit(deposit), Event::Fill(fill)])
}

#[test]
fn self_calls_decode() {
    let (message, events) = message();
    let data = [&EVENT_IX_TAG[..], &message].concat();
    let batch = EventBatch::from_inner(&PROGRAM_ID, &data).unwrap();
    assert_eq!((batch.header.seq, batch.header.slot, batch.header.signer), (41, 1_000, [9; 32]));
    assert_eq!(batch.events, events);
    assert!(!batch.is_partial());
    // The tag as it stands in the bytes: Anchor's e4 45 a5 2e 51 cb 9a 1d.
    assert_eq!(data[..8], [0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d]);
}

#[test]
fn foreign_and_broken_self_calls_are_none() {
    let (message, _) = message();
    let data = [&EVENT_IX_TAG[..], &message].concat();
    assert_eq!(EventBatch::from_inner(&TOKEN_PROGRAM, &data), None, "another program");
    assert_eq!(EventBatch::from_inner(&PROGRAM_ID, &message), None, "no tag");
    assert_eq!(EventBatch::from_inner(&PROGRAM_ID, &data[..40]), None, "cut inside the header");
    let mut other_version = data.clone();
    other_version[8 + 51] = 2;
    assert_eq!(EventBatch::from_inner(&PROGRAM_ID, &other_version), None, "another version");
    let cut = EventBatch::from_inner(&PROGRAM_ID, &data[..data.len() - 1]).unwrap();
    assert!(cut.is_partial() && cut.events.len() == 1, "a record is missing and it is seen");
}

#[test]
fn logs_decode_only_while_the_program_runs() {
    let (message, events) = message();
    let data = format!("Program data: {}", STANDARD.encode(&message));
    let (own, token) = (PROGRAM_ID.to_string(), TOKEN_PROGRAM.to_string());
    let invoke = |id: &str, depth: u32| format!("Program {id} invoke [{depth}]");
    let success = |id: &str| format!("Program {id} success");
    let read = |lines: &[String]| from_logs(lines.iter().map(String::as_str));

    let own_log = [invoke(&own, 1), data.clone(), success(&own)];
    let found = read(&own_log);
    assert_eq!((found.len(), found[0].instruction, &found[0].batch.events), (1, 0, &events));
    let second = [invoke(&token, 1), success(&token), invoke(&own, 1), data.clone(), success(&own)];
    assert_eq!(read(&second)[0].instruction, 1, "the log of the second instruction");

    let foreign = [invoke(&token, 1), data.clone(), success(&token)];
    assert_eq!(read(&foreign), [], "another program wrote it");

    let nested = [
        invoke(&own, 1),
        "Program log: hello world success".into(),
        invoke(&token, 2),
        data.clone(),
        format!("Program {token} consumed 76 of 1000 compute units"),
        success(&token),
        data.clone(),
        success(&own),
        data.clone(),
    ];
    assert_eq!(read(&nested).len(), 1, "only the one after the inner call");

    let truncated = [invoke(&own, 1), "Log truncated".into(), data];
    assert_eq!(read(&truncated), []);
    assert_eq!(read(&[invoke(&own, 1), "Program data: !!!".into()]), []);
}
