//! The library calls of LLVM's BPF backend.
//!
//! Convention of LLVM 23: operands in r1 to r4 as low, high, low, high; result in r0 (low) and r2
//! (high). A Rust function that returns 128 bits would write through a hidden pointer instead, so
//! these functions do not return: they end in a bare `exit` with both registers set. The virtual
//! machine restores the callee-saved registers.

use crate::wide128::{self, Pair};

/// Returns from the library call with `result`.
#[inline(always)]
fn give_back(result: Pair) -> ! {
    // SAFETY: `exit` ends the current frame; nothing in it is needed any more.
    unsafe { core::arch::asm!("exit", in("r0") result.1, in("r2") result.0, options(noreturn, nostack)) }
}

/// Low 128 bits of the product: `mul_high` of [`crate::wide`] with the cross terms added.
#[unsafe(no_mangle)]
extern "C" fn __multi3(a_low: u64, a_high: u64, b_low: u64, b_high: u64) -> ! {
    give_back(wide128::mul((a_high, a_low), (b_high, b_low)))
}

macro_rules! division {
    ($name:ident, $body:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn $name(a_low: u64, a_high: u64, b_low: u64, b_high: u64) -> ! {
            give_back($body((a_high, a_low), (b_high, b_low)))
        }
    };
}

division!(__udivti3, wide128::udiv);
division!(__umodti3, wide128::umod);
division!(__divti3, wide128::sdiv);
division!(__modti3, wide128::smod);
