//! Program id, addresses, instruction data and account lists, event and error decoding
