//! Changes from a file, as they were recorded from another source.
//!
//! A record is a length (u32), a kind (0 gap, 1 account, 2 account that is gone), and for accounts slot (u64), version
//! (u64), address and bytes; little-endian. The same file makes the same mirror, so that what a keeper did can be done again.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use solana_pubkey::Pubkey;

use super::{Event, Next, Source};

/// Bytes in front of an account's own.
const HEAD: usize = 1 + 8 + 8 + 32;
/// Longest record: an account with all its orders, and to spare.
const MOST: usize = 1 << 20;

/// Writes events into a file.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
}

impl Recorder {
    /// Into a new file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        Ok(Self { file: BufWriter::new(File::create(path)?) })
    }

    /// An account as it came, or a gap.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn record(&mut self, change: Option<(u64, u64, &Pubkey, Option<&[u8]>)>) -> std::io::Result<()> {
        let mut record = Vec::new();
        match change {
            None => record.push(0),
            Some((slot, version, address, bytes)) => {
                record.push(if bytes.is_some() { 1 } else { 2 });
                record.extend_from_slice(&slot.to_le_bytes());
                record.extend_from_slice(&version.to_le_bytes());
                record.extend_from_slice(address.as_ref());
                record.extend_from_slice(bytes.unwrap_or_default());
            }
        }
        let length = u32::try_from(record.len()).map_err(|_| ErrorKind::InvalidInput)?;
        self.file.write_all(&length.to_le_bytes())?;
        self.file.write_all(&record)
    }

    /// Writes everything out.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Reads events from a file. At its end, or where it is broken, it is not up any more.
#[derive(Debug)]
pub struct Replay {
    file: BufReader<File>,
    up: bool,
}

impl Replay {
    /// From its beginning.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self { file: BufReader::new(File::open(path)?), up: true })
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// A record that is cut short, of an unknown kind, or of something that is no sub-account.
    pub fn read(&mut self) -> std::io::Result<Option<Event>> {
        let mut length = [0; 4];
        match self.file.read_exact(&mut length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let length = u32::from_le_bytes(length) as usize;
        if length > MOST {
            return Err(ErrorKind::InvalidData.into());
        }
        let mut record = vec![0; length];
        self.file.read_exact(&mut record)?;
        let account = |record: &[u8], has_bytes: bool| {
            let slot = u64::from_le_bytes(*record.get(1..)?.first_chunk()?);
            let version = u64::from_le_bytes(*record.get(9..)?.first_chunk()?);
            let address = Pubkey::new_from_array(*record.get(17..)?.first_chunk()?);
            Event::account(slot, version, address, has_bytes.then(|| record.get(HEAD..)).flatten()).ok()
        };
        let event = match record.first() {
            Some(0) => Some(Event::Gap),
            Some(1) => account(&record, true),
            Some(2) => account(&record, false),
            _ => None,
        };
        event.map(Some).ok_or_else(|| ErrorKind::InvalidData.into())
    }
}

impl Source for Replay {
    fn name(&self) -> &'static str {
        "replay"
    }

    fn next(&mut self) -> Next<'_> {
        match self.read() {
            Ok(Some(event)) => Box::pin(std::future::ready(event)),
            Ok(None) | Err(_) => {
                self.up = false;
                Box::pin(std::future::pending())
            }
        }
    }

    fn is_up(&self) -> bool {
        self.up
    }
}
