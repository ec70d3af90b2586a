//! No source: everything is read again at every look.

use super::{Next, Source};

/// Has no events and is never up, so that the mirror is read anew at every look: the highest cost for the endpoint, and
/// works with any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Poll;

impl Source for Poll {
    fn name(&self) -> &'static str {
        "poll"
    }

    fn next(&mut self) -> Next<'_> {
        Box::pin(std::future::pending())
    }

    fn is_up(&self) -> bool {
        false
    }

    fn streams(&self) -> bool {
        false
    }
}
