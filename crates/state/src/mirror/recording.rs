//! A file of all that a mirror takes in, so that its keeper's decisions can be made again.
//!
//! A recording begins with `KEDGEREC`, its version (u32) and the wallet of the keeper. A record is a length (u32), a kind (u8)
//! and a body; numbers are little-endian. The kinds:
//!
//! | kind | is | body |
//! |---|---|---|
//! | 0 | a gap | |
//! | 1, 2 | a sub-account changed, is gone | slot (u64), version (u64), address, bytes |
//! | 3 | all sub-accounts were read | slot (u64), and for each whose known state differed its address, the length of its bytes (u32) and the bytes |
//! | 4 | everything else was read, which ends a look | each account that has changed since the last time: address, owner, length, bytes |
//! | 5 | addresses were derived anew | markets and banks that are listed (u16 each) |
//! | 6 | some sub-accounts were read again | slot (u64), and for each its address, the length of its bytes (u32) and the bytes |
//! | 7 | a sub-account changed without its bytes | slot (u64), address |
//!
//! A closed account has length `u32::MAX`. A process that is killed leaves its last record cut short: the recording
//! ends before it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Result, Write};
use std::path::Path;

use kedge_interface::account::{decode_sub_account, encode_sub_account};
use solana_pubkey::Pubkey;

use super::Event;
use crate::Account;
use crate::oracles::Raw;

const MAGIC: [u8; 8] = *b"KEDGEREC";
const VERSION: u32 = 1;
/// Bytes of the longest record: a million sub-accounts fit.
const MOST: usize = 1 << 31;
/// Length in place of a closed account's.
const GONE: u32 = u32::MAX;

/// Sub-accounts with their state; `None` for a closed one.
pub type Changes = Vec<(Pubkey, Option<Account>)>;

/// A record of a recording.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are events")]
pub enum Record {
    /// An event of the source.
    Event(Event),
    /// All sub-accounts were read.
    Snapshot {
        /// Slot of the answer.
        slot: u64,
        /// The accounts whose known state differed, or that were unknown.
        changes: Changes,
    },
    /// Some sub-accounts were read again one by one.
    Again {
        /// Slot of the answer.
        slot: u64,
        /// The accounts.
        changes: Changes,
    },
    /// Everything else was read: the accounts that changed. Ends a look.
    Rest(Vec<(Pubkey, Option<Raw>)>),
    /// Addresses were derived anew, for this many markets and banks.
    Learnt(u16, u16),
}

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
    /// State of everything but the sub-accounts at the end of the recording.
    rest: BTreeMap<Pubkey, Raw>,
    written: u64,
    most: u64,
}

impl Recorder {
    /// Creates a file of at most `most` bytes, for a keeper with this wallet.
    ///
    /// # Errors
    /// When the file exists already or cannot be written.
    pub fn create(path: &Path, most: u64, wallet: &Pubkey) -> Result<Self> {
        let mut file = BufWriter::new(File::create_new(path)?);
        file.write_all(&MAGIC)?;
        file.write_all(&VERSION.to_le_bytes())?;
        file.write_all(wallet.as_ref())?;
        Ok(Self { file, rest: BTreeMap::new(), written: 44, most })
    }

    /// Length of the recording, bytes.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Writes an event of the source.
    ///
    /// # Errors
    /// When the file cannot be written, or is full.
    pub fn event(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Gap => self.record(0, &[]),
            Event::Account { slot, version, address, data } => {
                let bytes = data.as_ref().map(|data| encode_sub_account(&data.head, &data.orders));
                let kind = if bytes.is_some() { 1 } else { 2 };
                let bytes = bytes.unwrap_or_default();
                self.record(kind, &[&slot.to_le_bytes(), &version.to_le_bytes(), address.as_ref(), &bytes])
            }
            Event::Unclear { slot, address } => self.record(7, &[&slot.to_le_bytes(), address.as_ref()]),
        }
    }

    /// Writes a reading of all sub-accounts; of accounts in `known` only those that differ.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub fn snapshot(
        &mut self,
        slot: u64,
        accounts: &BTreeMap<Pubkey, Account>,
        known: Option<&BTreeMap<Pubkey, Account>>,
    ) -> Result<()> {
        let is_known = |address: &Pubkey, account| known.is_some_and(|known| known.get(address) == Some(account));
        let mut body = slot.to_le_bytes().to_vec();
        for (address, account) in accounts.iter().filter(|(address, account)| !is_known(address, account)) {
            put(&mut body, &[address.as_ref()], Some(&encode_sub_account(&account.head, &account.orders)))?;
        }
        for address in known.into_iter().flatten().map(|known| known.0).filter(|one| !accounts.contains_key(one)) {
            put(&mut body, &[address.as_ref()], None)?;
        }
        self.record(3, &[&body])
    }

    /// Writes sub-accounts that were read again.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub fn again(&mut self, slot: u64, accounts: &[(Pubkey, Option<Account>)]) -> Result<()> {
        let mut body = slot.to_le_bytes().to_vec();
        for (address, account) in accounts {
            let bytes = account.as_ref().map(|account| encode_sub_account(&account.head, &account.orders));
            put(&mut body, &[address.as_ref()], bytes.as_deref())?;
        }
        self.record(6, &[&body])
    }

    /// Writes a reading of everything else, and flushes: the recording up to here outlives the process.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub fn rest(&mut self, rest: &BTreeMap<Pubkey, Raw>) -> Result<()> {
        let mut body = Vec::new();
        for (address, raw) in rest.iter().filter(|(address, raw)| self.rest.get(address) != Some(raw)) {
            put(&mut body, &[address.as_ref(), raw.0.as_ref()], Some(&raw.1))?;
        }
        for address in self.rest.keys().filter(|address| !rest.contains_key(address)) {
            put(&mut body, &[address.as_ref(), &[0; 32]], None)?;
        }
        self.rest.clone_from(rest);
        self.record(4, &[&body])?;
        self.file.flush()
    }

    /// Writes that addresses were derived anew.
    ///
    /// # Errors
    /// As [`Self::event`].
    pub fn learnt(&mut self, markets: u16, banks: u16) -> Result<()> {
        self.record(5, &[&markets.to_le_bytes(), &banks.to_le_bytes()])
    }

    fn record(&mut self, kind: u8, parts: &[&[u8]]) -> Result<()> {
        let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
        let length = u32::try_from(length).map_err(|_| ErrorKind::InvalidInput)?;
        self.written += 4 + u64::from(length);
        if self.written > self.most {
            return Err(std::io::Error::new(ErrorKind::StorageFull, "the recording is as large as it may be"));
        }
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&[kind])?;
        parts.iter().try_for_each(|part| self.file.write_all(part))
    }
}

/// Appends the parts, then the bytes behind their length.
fn put(body: &mut Vec<u8>, parts: &[&[u8]], bytes: Option<&[u8]>) -> Result<()> {
    parts.iter().for_each(|part| body.extend_from_slice(part));
    let length = match bytes {
        Some(bytes) => u32::try_from(bytes.len()).map_err(|_| ErrorKind::InvalidInput)?,
        None => GONE,
    };
    body.extend_from_slice(&length.to_le_bytes());
    body.extend_from_slice(bytes.unwrap_or_default());
    Ok(())
}

/// Reads a recording.
#[derive(Debug)]
pub struct Recording {
    file: BufReader<File>,
    wallet: Pubkey,
    cut: bool,
}

impl Recording {
    /// Opens a recording at its beginning.
    ///
    /// # Errors
    /// When the file cannot be read, or is no recording of this version.
    pub fn open(path: &Path) -> Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        let mut head = [0; 44];
        file.read_exact(&mut head)?;
        let (magic, version) = (&head[..8], &head[8..12]);
        if magic != MAGIC {
            return Err(std::io::Error::new(ErrorKind::InvalidData, "this is no recording of a keeper"));
        }
        if version != VERSION.to_le_bytes() {
            return Err(std::io::Error::new(ErrorKind::InvalidData, "the recording is of another version"));
        }
        let mut wallet = [0; 32];
        wallet.copy_from_slice(&head[12..]);
        Ok(Self { file, wallet: Pubkey::new_from_array(wallet), cut: false })
    }

    /// The wallet of the keeper that wrote it.
    #[must_use]
    pub const fn wallet(&self) -> Pubkey {
        self.wallet
    }

    /// Whether the recording ends within a record: its process was killed, or the file is incomplete.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.cut
    }

    /// The next record; `None` at the end, and where the last record is cut short ([`Self::is_cut`]).
    ///
    /// # Errors
    /// When the file cannot be read, and for a record of an unknown kind or form.
    pub fn read(&mut self) -> Result<Option<Record>> {
        let mut length = [0; 4];
        match fill(&mut self.file, &mut length)? {
            4 => {}
            0 => return Ok(None),
            _ => {
                self.cut = true;
                return Ok(None);
            }
        }
        let length = u32::from_le_bytes(length) as usize;
        if length == 0 || length > MOST {
            return Err(ErrorKind::InvalidData.into());
        }
        // Memory is taken for the bytes in the file, not for what a broken length says.
        let mut record = Vec::new();
        (&mut self.file).take(length as u64).read_to_end(&mut record)?;
        if record.len() < length {
            self.cut = true;
            return Ok(None);
        }
        parse(&record).map(Some).ok_or_else(|| ErrorKind::InvalidData.into())
    }
}

/// Reads until the buffer or the file ends. Returns the number of bytes.
fn fill(file: &mut impl Read, into: &mut [u8]) -> Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match file.read(&mut into[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

fn parse(record: &[u8]) -> Option<Record> {
    let (kind, mut body) = record.split_first()?;
    Some(match kind {
        0 => Record::Event(Event::Gap),
        1 | 2 => {
            let (slot, version) = (number(&mut body)?, number(&mut body)?);
            let address = address(&mut body)?;
            Record::Event(Event::account(slot, version, address, (*kind == 1).then_some(body)).ok()?)
        }
        3 => Record::Snapshot { slot: number(&mut body)?, changes: changes(body)? },
        4 => {
            let mut rest = Vec::new();
            while !body.is_empty() {
                let (address, owner) = (address(&mut body)?, address(&mut body)?);
                rest.push((address, bytes(&mut body)?.map(|bytes| (owner, bytes.to_vec()))));
            }
            Record::Rest(rest)
        }
        5 => {
            let (markets, banks) = body.split_first_chunk()?;
            Record::Learnt(u16::from_le_bytes(*markets), u16::from_le_bytes(banks.try_into().ok()?))
        }
        6 => Record::Again { slot: number(&mut body)?, changes: changes(body)? },
        7 => Record::Event(Event::Unclear { slot: number(&mut body)?, address: address(&mut body)? }),
        _ => return None,
    })
}

/// The sub-accounts in the rest of a body.
fn changes(mut body: &[u8]) -> Option<Changes> {
    let mut changes = Vec::new();
    while !body.is_empty() {
        let (address, bytes) = (address(&mut body)?, bytes(&mut body)?);
        let data = bytes.map(decode_sub_account).transpose().ok()?;
        changes.push((address, data.map(Account::from)));
    }
    Some(changes)
}

fn number(body: &mut &[u8]) -> Option<u64> {
    let (number, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(u64::from_le_bytes(*number))
}

fn address(body: &mut &[u8]) -> Option<Pubkey> {
    let (address, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(Pubkey::new_from_array(*address))
}

/// The bytes behind their length; `Some(None)` for a closed account.
fn bytes<'a>(body: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, rest) = body.split_first_chunk()?;
    let length = u32::from_le_bytes(*length);
    if length == GONE {
        *body = rest;
        return Some(None);
    }
    let (bytes, rest) = rest.split_at_checked(length as usize)?;
    *body = rest;
    Some(Some(bytes))
}
