//! The virtual machine with the compiled self-test program, and the operands.

pub mod machine;
pub mod operands;
