//! Profiles compute units: instructions of the virtual machine by function of the program.
//!
//! The deployed file has no symbols. Functions are found as the targets of calls and named from the optimised module
//! that the linker dumps (`target/deploy/kedge.ll`), whose functions stand in the same order. Without the module they
//! are named by their offset.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use kedge_interface::PROGRAM_ID;
use litesvm::{InvocationInspectCallback, LiteSVM};
use solana_program_runtime::invoke_context::InvokeContext;
use solana_transaction::sanitized::SanitizedTransaction;

use crate::Machine;

/// Bytes of an instruction of the virtual machine.
const WIDTH: usize = 8;
const CALL: u8 = 0x85;
const CALL_REGISTER: u8 = 0x8d;
const EXIT: [u8; 2] = [0x95, 0x9d];

/// Program counters of all runs of the program since the last [`Tape::take`], and the program's text.
#[derive(Clone, Default)]
pub struct Tape(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    text: Vec<u8>,
    runs: Vec<Vec<usize>>,
}

impl Tape {
    /// A machine that records on the tape.
    pub fn machine(&self) -> Machine {
        let mut svm = LiteSVM::new_debuggable(true);
        svm.set_invocation_inspect_callback(self.clone());
        Machine::on(svm, &with_sections(crate::machine::program()))
    }

    /// Drops the recorded program counters.
    pub fn rewind(&self) {
        self.0.lock().expect("one thread").runs.clear();
    }

    /// The recorded instructions by function.
    pub fn profile(&self) -> Profile {
        let recorded = self.0.lock().expect("one thread");
        let functions = Functions::find(&recorded.text);
        let mut profile = Profile::default();
        for run in &recorded.runs {
            profile.add(run, &recorded.text, &functions);
        }
        profile
    }
}

impl InvocationInspectCallback for Tape {
    fn before_invocation(&self, _: &LiteSVM, _: &SanitizedTransaction, _: &[u16], _: &mut InvokeContext, _: bool) {}

    fn after_invocation(&self, _: &LiteSVM, _: &SanitizedTransaction, _: &[u16], context: &InvokeContext, _: bool) {
        context.iterate_vm_traces(&|instruction, executable, trace| {
            if instruction.get_program_key().is_ok_and(|key| *key == PROGRAM_ID) {
                let mut recorded = self.0.lock().expect("one thread");
                recorded.text = executable.get_text_bytes().1.to_vec();
                recorded.runs.push(trace.iter().map(|registers| registers[11] as usize).collect());
            }
        });
    }
}

/// Adds a table of sections to the program's file, which the machine needs to record.
fn with_sections(mut file: Vec<u8>) -> Vec<u8> {
    const HEADER: usize = 64;
    file.resize(file.len().next_multiple_of(8), 0);
    let names_at = u64::try_from(file.len()).expect("a small program");
    let names = b"\0.shstrtab\0\0\0\0\0\0";
    file.extend(names);
    let table_at = u64::try_from(file.len()).expect("a small program");
    let mut header = [0u8; HEADER];
    header[0..4].copy_from_slice(&1u32.to_le_bytes());
    header[4..8].copy_from_slice(&3u32.to_le_bytes());
    header[24..32].copy_from_slice(&names_at.to_le_bytes());
    header[32..40].copy_from_slice(&16u64.to_le_bytes());
    header[48..56].copy_from_slice(&1u64.to_le_bytes());
    // The first section is the null section.
    file.extend([0; HEADER]);
    file.extend(header);
    file[40..48].copy_from_slice(&table_at.to_le_bytes());
    file[58..60].copy_from_slice(&64u16.to_le_bytes());
    file[60..62].copy_from_slice(&2u16.to_le_bytes());
    file[62..64].copy_from_slice(&1u16.to_le_bytes());
    file
}

/// The program's functions by their first instruction.
struct Functions(Vec<(usize, String)>);

impl Functions {
    fn find(text: &[u8]) -> Self {
        let mut starts: BTreeMap<usize, ()> = BTreeMap::new();
        for (at, code) in text.chunks_exact(WIDTH).enumerate() {
            if code[0] == CALL && code[1] >> 4 == 1 {
                let offset = i32::from_le_bytes([code[4], code[5], code[6], code[7]]);
                let target = i64::try_from(at).expect("a small program") + 1 + i64::from(offset);
                starts.insert(usize::try_from(target).expect("inside the program"), ());
            }
        }
        let names = names();
        let mut functions: Vec<(usize, String)> = Vec::new();
        // No call leads to the entry point: it is the one name of the module that is not called.
        let called: Vec<&(String, bool)> = names.iter().filter(|(_, called)| *called).collect();
        // Whether copies and fills of memory became calls is a guess; they stand near the end, where only names of
        // formatting functions can be wrong by it.
        let known = called.len().abs_diff(starts.len()) <= 3 && called.len() >= starts.len();
        if !names.is_empty() && !known {
            eprintln!("{} functions are called, the module has {}: names are left out", starts.len(), called.len());
        }
        for (index, start) in starts.into_keys().enumerate() {
            let name = if known { called[index].0.clone() } else { format!("function at {start}") };
            functions.push((start, name));
        }
        Self(functions)
    }

    fn of(&self, at: usize) -> &str {
        match self.0.partition_point(|(start, _)| *start <= at).checked_sub(1) {
            Some(index) => &self.0[index].1,
            None => "entrypoint",
        }
    }

    fn starts_at(&self, at: usize) -> bool {
        self.0.binary_search_by_key(&at, |(start, _)| *start).is_ok()
    }
}

/// Functions of the dumped module in order, and whether a call leads to each.
fn names() -> Vec<(String, bool)> {
    let path = std::env::var_os("KEDGE_MODULE").map(PathBuf::from);
    let path = path.unwrap_or_else(|| crate::machine::program_path().with_extension("ll"));
    let Ok(module) = std::fs::read_to_string(&path) else {
        eprintln!("{} is not there: functions have no names", path.display());
        return Vec::new();
    };
    let symbol = |line: &str| -> Option<String> {
        let rest = line.split_once('@')?.1;
        Some(rest.split('(').next()?.trim_matches('"').to_owned())
    };
    let mut called = std::collections::BTreeSet::new();
    for line in module.lines().filter(|line| line.contains("call ")) {
        called.extend(symbol(line));
    }
    // Operations that the code generator turns into calls.
    const IMPLICIT: [(&str, &str); 9] = [
        ("mul ", "__multi3"),
        ("udiv ", "__udivti3"),
        ("urem ", "__umodti3"),
        ("sdiv ", "__divti3"),
        ("srem ", "__modti3"),
        ("@llvm.memcpy", "memcpy"),
        ("@llvm.memmove", "memmove"),
        ("@llvm.memset", "memset"),
        ("@bcmp", "memcmp"),
    ];
    for line in module.lines().filter(|line| !line.starts_with("define ") && !line.starts_with("declare ")) {
        for (operation, name) in IMPLICIT {
            let applies = if operation.starts_with('@') { !is_short(line) } else { line.contains("i128") };
            if line.contains(operation) && applies {
                called.insert(name.to_owned());
            }
        }
    }
    // Cold functions stand in a section of their own, behind the others.
    let cold: Vec<String> = module
        .lines()
        .filter(|line| line.starts_with("attributes #") && line.contains(" cold "))
        .filter_map(|line| Some(format!(" {} ", line.split_whitespace().nth(1)?)))
        .collect();
    let defined = module.lines().filter(|line| line.starts_with("define "));
    let (unlikely, likely): (Vec<&str>, Vec<&str>) =
        defined.partition(|line| cold.iter().any(|group| line.contains(group.as_str())));
    likely
        .into_iter()
        .chain(unlikely)
        .filter_map(symbol)
        .map(|name| {
            let reached = called.contains(&name);
            (format!("{:#}", rustc_demangle::demangle(&name)), reached)
        })
        .collect()
}

/// Whether a copy or fill of memory is so short that the code generator writes it inline.
fn is_short(line: &str) -> bool {
    let length = line.rsplit("i64 ").next().and_then(|rest| rest.split(',').next());
    length.and_then(|text| text.trim().parse::<u64>().ok()).is_some_and(|length| length <= 128)
}

/// Instructions by function.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// All instructions; calls of the runtime took the rest of the compute units.
    pub instructions: u64,
    /// By function: calls, own instructions, instructions with callees.
    pub functions: BTreeMap<String, (u64, u64, u64)>,
}

impl Profile {
    fn add(&mut self, run: &[usize], text: &[u8], functions: &Functions) {
        let mut stack: Vec<(&str, u64)> = vec![("entrypoint", 0)];
        self.functions.entry("entrypoint".into()).or_default().0 += 1;
        for (index, at) in run.iter().enumerate() {
            let now = u64::try_from(index).expect("a short run");
            self.instructions += 1;
            let current = stack.last().map_or("entrypoint", |(name, _)| *name);
            self.functions.entry(current.to_owned()).or_default().1 += 1;
            let code = text[at * WIDTH];
            let next = run.get(index + 1).copied();
            let calls = code == CALL || code == CALL_REGISTER;
            if calls && next.is_some_and(|next| next != at + 1 || functions.starts_at(next)) {
                let name = functions.of(next.unwrap_or(*at));
                self.functions.entry(name.to_owned()).or_default().0 += 1;
                stack.push((name, now + 1));
            } else if EXIT.contains(&code)
                && let Some((name, since)) = stack.pop()
            {
                self.functions.entry(name.to_owned()).or_default().2 += now + 1 - since;
            }
        }
        let end = u64::try_from(run.len()).expect("a short run");
        for (name, since) in stack {
            self.functions.entry(name.to_owned()).or_default().2 += end - since;
        }
    }
}
