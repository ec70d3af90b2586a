//! Changes from a recording.

use std::path::Path;

use super::{Event, Next, Source};
use crate::mirror::recording::{Record, Recording};

/// The events of another source, from the file of a [`Recorder`](crate::mirror::recording::Recorder). At the end of the
/// recording, or where it is broken, the source is down.
#[derive(Debug)]
pub struct Recorded {
    recording: Recording,
    up: bool,
}

impl Recorded {
    /// Opens a recording at its beginning.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self { recording: Recording::open(path)?, up: true })
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// As [`Recording::read`].
    pub fn read(&mut self) -> std::io::Result<Option<Event>> {
        loop {
            match self.recording.read()? {
                Some(Record::Event(event)) => return Ok(Some(event)),
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}

impl Source for Recorded {
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
