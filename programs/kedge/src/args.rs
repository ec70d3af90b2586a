//! Instruction arguments: the model's structs byte for byte.

use core::mem::MaybeUninit;

use anchor_lang::wincode::config::ConfigCore;
use anchor_lang::wincode::io::{Reader, Writer};
use anchor_lang::wincode::{ReadResult, SchemaRead, SchemaWrite, TypeMeta, WriteResult};
use bytemuck::{Pod, TransparentWrapper};

/// A model struct as an argument.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Arg<T>(pub T);

// SAFETY: `Arg` is a transparent wrapper.
unsafe impl<T> TransparentWrapper<T> for Arg<T> {}

// SAFETY: the struct is plain data without padding, so its bytes are its serialised form and every byte pattern is
// a value.
unsafe impl<'de, C: ConfigCore, T: Pod> SchemaRead<'de, C> for Arg<T> {
    type Dst = Self;
    const TYPE_META: TypeMeta = TypeMeta::Static { size: size_of::<T>(), zero_copy: true };

    #[inline(always)]
    fn read(mut reader: impl Reader<'de>, dst: &mut MaybeUninit<Self>) -> ReadResult<()> {
        // SAFETY: any bytes make a value of a Pod type, and `dst` is not part of the instruction data.
        unsafe { Ok(reader.copy_into_t(dst)?) }
    }
}

// SAFETY: as for reading; exactly the struct's bytes are written.
unsafe impl<C: ConfigCore, T: Pod> SchemaWrite<C> for Arg<T> {
    type Src = Self;
    const TYPE_META: TypeMeta = TypeMeta::Static { size: size_of::<T>(), zero_copy: true };

    #[inline(always)]
    fn size_of(_: &Self) -> WriteResult<usize> {
        Ok(size_of::<T>())
    }

    #[inline(always)]
    fn write(mut writer: impl Writer, src: &Self) -> WriteResult<()> {
        Ok(writer.write(bytemuck::bytes_of(&src.0))?)
    }
}

#[doc(hidden)]
impl<T: Pod + kedge_model::Layout> anchor_lang::IdlAccountType for Arg<T> {
    #[cfg(feature = "idl-build")]
    fn __register_idl_deps(
        _: &mut anchor_lang::__alloc::vec::Vec<&'static str>,
        types: &mut anchor_lang::__alloc::vec::Vec<&'static str>,
    ) {
        crate::idl::argument::<T>(types);
    }
}

// The IDL takes an argument's type name from the source: these make it the model's name.

/// An order to place.
pub type OrderParams = Arg<kedge_model::account::order::OrderParams>;
/// A change of an order.
pub type ModifyParams = Arg<kedge_model::action::ModifyParams>;
/// Which orders to cancel.
pub type OrderFilter = Arg<kedge_model::action::OrderFilter>;
/// A maker's order that a fill may use.
pub type MakerRef = Arg<kedge_model::action::MakerRef>;
/// A market to list.
pub type MarketParams = Arg<kedge_model::action::MarketParams>;
/// A collateral to list.
pub type BankParams = Arg<kedge_model::action::BankParams>;
/// All that a change of fees sets.
pub type FeeSchedule = Arg<kedge_model::account::exchange::FeeSchedule>;
