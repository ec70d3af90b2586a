//! Wide integer arithmetic for programs on the Solana virtual machine.
//!
//! * [`wide`]: 64 x 64 -> 128 bit products and 128 / 64 bit quotients as plain functions, on every
//!   target. Cheaper on chain than the same arithmetic on `u128`, which goes through library calls.
//! * [`checked`]: checked sums, differences and products of words, on every target. Half of the standard library's
//!   instructions on the upstream BPF backend.
//! * On the upstream BPF backend (`target_arch = "bpf"`) also the library calls themselves, which
//!   LLVM emits for 128-bit `*`, `/` and `%`: `__multi3`, `__udivti3`, `__umodti3`, `__divti3`,
//!   `__modti3`. A program gets them with `use kedge_libcalls as _;`. Everywhere else, the Anza
//!   tools included, the compiler brings its own and this part is empty.

#![no_std]
#![cfg_attr(target_arch = "bpf", feature(asm_experimental_arch))]

pub mod checked;
pub mod wide;

mod wide128;

#[cfg(target_arch = "bpf")]
mod shim;

#[cfg(target_arch = "bpf")]
use solana_compiler_builtins as _;
