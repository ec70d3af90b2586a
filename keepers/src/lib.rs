//! The jobs that keep a Kedge market running
