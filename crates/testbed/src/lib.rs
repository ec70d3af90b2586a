//! # kedge-testbed: an exchange to try things on
//!
//! Shared by the demo, the sessions on a validator and the command line's tests:
//!
//! * [`cluster`]: a local chain inside the process, or `solana-test-validator` beside it.
//! * [`bootstrap`]: transactions that create the exchange, list its markets, open them and bring participants on board;
//!   [`listing`]: a USDC bank and SOL, BTC and ETH perpetuals.
//! * [`participants`] and [`order_flow`]: wallets by role, and takers of several trading styles.
//! * [`fixture`]: a small exchange with two markets for tests of commands and keepers.
//! * [`recorded`] and [`feed_writer`]: prices of recorded days, and Pyth accounts that follow the chain's clock.
//!
//! Everything is real but the chain's size and Pyth's guardians. Participants use the client and the keeper library as
//! a stranger would.
#![deny(missing_docs)]

pub mod bootstrap;
pub mod calendar;
pub mod cluster;
pub mod command_line;
pub mod feed_writer;
pub mod fixture;
pub mod listing;
pub mod order_flow;
pub mod participants;
pub mod random;
pub mod recorded;
pub mod waits;
pub mod wallets;
