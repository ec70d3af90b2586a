//! Integration tests of the built program
