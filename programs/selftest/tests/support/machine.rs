//! LiteSVM with the compiled program loaded.

use kedge_selftest::Operation;
use litesvm::LiteSVM;
use solana_address::Address;
use solana_instruction::Instruction;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer;
use solana_transaction::Transaction;
use std::path::Path;

/// The program on the virtual machine.
pub(crate) struct Machine {
    svm: LiteSVM,
    payer: Keypair,
    program: Address,
}

impl Machine {
    /// Loads `target/deploy/kedge_selftest.so`.
    ///
    /// # Panics
    /// When the program is not built or does not load.
    pub(crate) fn start() -> Self {
        // Asked at run time, as checkouts may share a target folder and with it this binary.
        let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
        let path = Path::new(&package).ancestors().nth(2).expect("the workspace");
        let path = path.join("target").join("deploy").join("kedge_selftest.so");
        let bytes = std::fs::read(&path).unwrap_or_else(|error| {
            panic!("target/deploy/kedge_selftest.so is not there ({error}): run `make program` first")
        });
        let program = Address::new_from_array([7; 32]);
        let mut svm = LiteSVM::new().with_sigverify(false).with_blockhash_check(false).with_transaction_history(0);
        svm.add_program(program, &bytes).expect("the program is not accepted by the loader");
        let payer = Keypair::new();
        svm.airdrop(&payer.pubkey(), 100_000_000_000).expect("airdrop");
        Self { svm, payer, program }
    }

    /// Results of `operation` on every pair, and the compute units of the transaction.
    ///
    /// # Errors
    /// The error of the transaction with its logs.
    pub(crate) fn run(&mut self, operation: Operation, pairs: &[(u128, u128)]) -> Result<(Vec<u128>, u64), String> {
        let mut data = vec![operation as u8];
        for (a, b) in pairs {
            data.extend(a.to_le_bytes());
            data.extend(b.to_le_bytes());
        }
        let (mut returned, units) = self.send(data)?;
        // The machine cuts trailing zeros off the return data.
        returned.resize(pairs.len() * 16, 0);
        Ok((returned.as_chunks::<16>().0.iter().map(|bytes| u128::from_le_bytes(*bytes)).collect(), units))
    }

    /// Return data and compute units of one instruction.
    ///
    /// # Errors
    /// The error of the transaction with its logs.
    pub(crate) fn send(&mut self, data: Vec<u8>) -> Result<(Vec<u8>, u64), String> {
        let instruction = Instruction { program_id: self.program, accounts: Vec::new(), data };
        let message = Message::new(&[instruction], Some(&self.payer.pubkey()));
        let transaction = Transaction::new(&[&self.payer], message, self.svm.latest_blockhash());
        match self.svm.send_transaction(transaction) {
            Ok(done) => Ok((done.return_data.data, done.compute_units_consumed)),
            Err(failed) => Err(format!("{:?}\n{}", failed.err, failed.meta.logs.join("\n"))),
        }
    }
}
