//! The kedge command
