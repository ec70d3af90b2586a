//! Changes from a recording.

use std::path::Path;

use super::{Event, Next, Source};
use crate::core::mirror::tape::{Record, Tape};

/// Tells what another source told when a [`Recorder`](crate::core::mirror::tape::Recorder) listened. At the end of the tape,
/// or where it is broken, it is not up any more.
#[derive(Debug)]
pub struct Replay {
    tape: Tape,
    up: bool,
}

impl Replay {
    /// From the beginning.
    ///
    /// # Errors
    /// As [`Tape::open`].
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self { tape: Tape::open(path)?, up: true })
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// As [`Tape::read`].
    pub fn read(&mut self) -> std::io::Result<Option<Event>> {
        loop {
            match self.tape.read()? {
                Some(Record::Event(event)) => return Ok(Some(event)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
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
