//! Numbers of signed messages that this machine has given out, so that two concurrent signings never share one.
//!
//! Each sub-account has a file in `kedge/numbers` under `$XDG_STATE_HOME` (`~/.local/state` without it) with a line for
//! each message: its number and the Unix second up to which it may still be valid. Expired lines are dropped.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use kedge_client::signed;
use solana_pubkey::Pubkey;

/// Seconds for which a number is kept beyond twice the life of its message, since chain clocks drift.
const SPARE: u64 = 60;

/// The numbers of one sub-account, locked against other processes of this machine until drop.
pub(crate) struct Numbers {
    file: File,
    /// Number, and the Unix second until which it is kept.
    given: Vec<(u64, u64)>,
}

impl Numbers {
    /// The numbers of a sub-account; waits while another process holds them.
    ///
    /// # Errors
    /// When the file cannot be opened or read.
    pub(crate) fn of(sub_account: &Pubkey) -> io::Result<Self> {
        Self::at(folder()?.join(sub_account.to_string()))
    }

    fn at(path: PathBuf) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        file.lock()?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let now = now();
        let given = text.lines().filter_map(|line| {
            let (number, until) = line.split_once(' ')?;
            Some((number.parse().ok()?, until.parse().ok()?))
        });
        Ok(Self { given: given.filter(|(_, until)| *until >= now).collect(), file })
    }

    /// The next number, above the highest on chain and above all given numbers that may still be placed.
    pub(crate) fn next(&self, highest: u64) -> u64 {
        signed::next_number(self.given.iter().map(|(number, _)| *number).fold(highest, u64::max))
    }

    /// Gives a number to a message that is valid for `life` seconds.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn give(mut self, number: u64, life: u64) -> io::Result<()> {
        self.given.push((number, now().saturating_add(life.saturating_mul(2)).saturating_add(SPARE)));
        let text: String = self.given.iter().map(|(number, until)| format!("{number} {until}\n")).collect();
        self.file.rewind()?;
        self.file.set_len(0)?;
        self.file.write_all(text.as_bytes())
    }
}

fn folder() -> io::Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    Ok(state.ok_or_else(|| io::Error::other("neither HOME nor XDG_STATE_HOME is set"))?.join("kedge/numbers"))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn those_who_sign_at_once_get_different_numbers() {
        let folder = std::env::temp_dir().join(format!("kedge-numbers-{}", std::process::id()));
        let path = folder.join("account");
        let given: BTreeSet<u64> = std::thread::scope(|scope| {
            let sign = || {
                let numbers = Numbers::at(path.clone()).unwrap();
                let number = numbers.next(40);
                std::thread::yield_now();
                numbers.give(number, 60).unwrap();
                number
            };
            let threads: Vec<_> = (0..20).map(|_| scope.spawn(sign)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(given, (41..61).collect());
        // The chain may be ahead; expired and foreign lines are dropped.
        assert_eq!(Numbers::at(path.clone()).unwrap().next(100), 101);
        fs::write(&path, "500 7\nnonsense\n70 99999999999\n").unwrap();
        assert_eq!(Numbers::at(path).unwrap().next(40), 71);
        fs::remove_dir_all(folder).unwrap();
    }
}
