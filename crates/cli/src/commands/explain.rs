//! `kedge explain`.

use kedge_client::history::{Past, Step};
use kedge_units::decimal;
use serde_json::{Value, json};
use solana_signature::Signature;

use crate::describe;
use crate::directory::{Directory, short};
use crate::error::{CliError, Result};
use crate::output::{Output, long, wrap};
use crate::session::Session;
use crate::table::{Paint, paint};

/// Describes a transaction: instructions, events and failure.
pub(crate) async fn run(session: &Session, signature: &str) -> Result<Output> {
    let parsed: Signature =
        signature.parse().map_err(|_| CliError::Usage("a signature is base58 of 64 bytes".into()))?;
    let past = session.client.past(&parsed).await?.ok_or_else(|| {
        CliError::NotFound(format!("the endpoint knows no transaction {signature}; it may be too old or not confirmed"))
    })?;
    let directory = match Directory::fetch(&session.client).await {
        Err(CliError::Fetch(error)) => {
            session.note(&format!("markets are called by their numbers: their names cannot be read ({error})"));
            Directory { markets: Vec::new(), banks: Vec::new() }
        }
        fetched => fetched?,
    };
    Ok(tell(&directory, &past, session.colour))
}

fn tell(directory: &Directory, past: &Past, colour: bool) -> Output {
    let outcome = match &past.failure {
        None => paint("succeeded", Paint::Good, colour),
        Some(_) => paint("failed; nothing was changed", Paint::Bad, colour),
    };
    let mut text = format!("{outcome} in slot {}, paid by {}", past.slot, short(past.payer));
    text += &format!(", fee {} SOL", decimal::format(past.fee, 9, 0));
    if let Some(units) = past.compute_units {
        text += &format!(", {units} compute units");
    }
    text.push('\n');
    let mut steps = Vec::new();
    for step in &past.steps {
        let (told, json) = tell_step(directory, step);
        text += &told;
        steps.push(json);
    }
    if let Some(failure) = &past.failure {
        let place = failure.instruction.map(|index| format!("instruction {}: ", index + 1)).unwrap_or_default();
        let why = failure.program.map_or_else(|| failure.error.to_string(), |error| error.to_string());
        text += &wrap("", &format!("{} {place}{why}", paint("error:", Paint::Bad, colour)));
    }
    let failure = past.failure.as_ref().map(|failure| {
        json!({
            "instruction": failure.instruction,
            "error": failure.error.to_string(),
            "code": failure.program.map(|error| error.code()),
            "name": failure.program.map(|error| error.name()),
            "message": failure.program.map(|error| error.message()),
        })
    });
    let json = json!({
        "slot": long(past.slot),
        "block_time": past.block_time.map(long),
        "payer": past.payer.to_string(),
        "fee_lamports": long(past.fee),
        "compute_units": past.compute_units.map(long),
        "instructions": steps,
        "failure": failure,
    });
    Output::new(text, json)
}

fn tell_step(directory: &Directory, step: &Step) -> (String, Value) {
    let what = match (&step.decoded, step.name) {
        (Some(decoded), Some(name)) => format!("{name}: {}", describe::instruction(directory, decoded)),
        (None, Some(name)) => format!("{name}, with arguments or accounts that cannot be read"),
        _ => program(step),
    };
    let called = if step.inner { " (called by that program)" } else { "" };
    let mut text = wrap(&format!("{:>2}. ", step.instruction + 1), &format!("{what}{called}"));
    let mut batches = Vec::new();
    for batch in &step.events {
        let (lines, json) = describe::batch(directory, batch);
        for line in lines {
            text += &wrap("    - ", &line);
        }
        batches.push(json);
    }
    let accounts = step.decoded.as_ref().map(|decoded| describe::accounts(&decoded.spec(), &step.accounts));
    let json = json!({
        "index": step.instruction,
        "inner": step.inner,
        "program": step.program.to_string(),
        "name": step.name,
        "text": what,
        "accounts": accounts,
        "batches": batches,
    });
    (text, json)
}

/// An instruction of another program: compute budget instructions decoded, others by name.
fn program(step: &Step) -> String {
    let address = step.program.to_string();
    if address.starts_with("ComputeBudget") {
        let number = |bytes: &[u8]| {
            let mut padded = [0u8; 8];
            padded.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = *byte);
            u64::from_le_bytes(padded)
        };
        return match step.data.split_first() {
            Some((2, units)) => format!("compute budget: at most {} units", number(units)),
            Some((3, price)) => format!("compute budget: {} millionths of a lamport a unit", number(price)),
            _ => "compute budget".into(),
        };
    }
    format!("an instruction of program {address}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kedge_client::history::Failure;
    use kedge_interface::PROGRAM_ID;
    use kedge_interface::error::ProgramError;
    use kedge_interface::event::{EventBatch, EventHeader};
    use kedge_interface::instruction::{self, CancelOrder, KedgeInstruction};
    use kedge_model::event::{Event, FillRecord, FillSource, Party};
    use kedge_model::quantity::{Amount, Quote, Size};
    use solana_instruction::error::InstructionError;
    use solana_pubkey::Pubkey;

    fn past(failure: Option<Failure>, events: Vec<Event>) -> Past {
        let key = Pubkey::new_from_array([7; 32]);
        let built = CancelOrder { signer: key, sub_account: key, id: 42 }.instruction();
        let header = EventHeader { count: u8::try_from(events.len()).unwrap(), ..EventHeader::default() };
        let step = Step {
            instruction: 0,
            inner: false,
            program: PROGRAM_ID,
            accounts: vec![key, key],
            name: instruction::name_of(&built.data),
            decoded: instruction::decode(&[key, key], &built.data),
            data: built.data,
            events: vec![EventBatch { header, events }],
        };
        Past {
            slot: 9,
            block_time: None,
            payer: key,
            fee: 5_000,
            compute_units: Some(1_200),
            steps: vec![step],
            failure,
            logs: vec![],
        }
    }

    fn nothing_listed() -> Directory {
        Directory { markets: vec![], banks: vec![] }
    }

    #[test]
    fn fills_are_told_with_price_fee_source_and_pnl() {
        let fill = FillRecord {
            taker: Party { authority: [1; 32], id: 0, ..Party::default() },
            size: Size(2_500_000_000),
            quote: Amount(453_000_000),
            taker_fee: Amount(453_000),
            taker_realised: Quote(-1_250_000),
            taker_order: 42,
            market: 1,
            source: FillSource::Amm as u8,
            ..FillRecord::default()
        };
        let output = tell(&nothing_listed(), &past(None, vec![Event::Fill(fill)]), false);
        assert!(output.text.starts_with("succeeded in slot 9"), "{}", output.text);
        assert!(flat(&output.text).contains("1. cancel_order: cancel order 42 of sub-account"), "{}", output.text);
        assert!(output.text.lines().all(|line| line.chars().count() <= 80), "{}", output.text);
        let told = "bought 2.5 market 1 at 181.20 for 453.00 (order 42) from the vAMM; fee 0.453, taker realised -1.25";
        assert!(flat(&output.text).contains(told), "{}", output.text);
        let raw = &output.json["instructions"][0]["batches"][0]["events"][0]["raw"];
        assert_eq!((&raw["size"], &raw["taker_realised"]), (&json!("2500000000"), &json!("-1250000")));
    }

    #[test]
    fn failures_say_what_to_do() {
        let error = solana_transaction_error(6009);
        let failure = Failure { error, instruction: Some(0), program: Some(ProgramError::from_code(6009)) };
        let output = tell(&nothing_listed(), &past(Some(failure), vec![]), false);
        assert!(output.text.starts_with("failed; nothing was changed"), "{}", output.text);
        assert!(
            flat(&output.text).contains("error: instruction 1: StaleRow (6009): A price row is older"),
            "{}",
            output.text
        );
        assert_eq!(output.json["failure"]["name"], json!("StaleRow"));
    }

    /// Joins folded lines.
    fn flat(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn solana_transaction_error(code: u32) -> solana_transaction_error::TransactionError {
        solana_transaction_error::TransactionError::InstructionError(0, InstructionError::Custom(code))
    }
}
