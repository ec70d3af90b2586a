//! The virtual machine with the compiled self-test program, and the operands.

pub(crate) mod machine;
pub(crate) mod operands;
