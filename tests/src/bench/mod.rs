//! Compute units of every instruction.
