//! Transactions to and data from a Kedge cluster
