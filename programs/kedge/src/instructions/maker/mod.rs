//! What a maker does.

pub mod place_and_make;
