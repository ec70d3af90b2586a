//! Instruction data, Borsh as the real programs read it.

use pinocchio::error::ProgramError;

/// Bytes of a node of a Merkle proof.
const NODE: usize = 20;

/// What is left to read.
pub(crate) struct Input<'a>(pub &'a [u8]);

/// A price message with its proof.
pub(crate) struct Update<'a> {
    /// The message.
    pub message: &'a [u8],
    /// Message, proof and treasury, as they stand in the instruction.
    pub whole: &'a [u8],
}

impl<'a> Input<'a> {
    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], ProgramError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(ProgramError::InvalidInstructionData)?;
        self.0 = rest;
        Ok(head)
    }

    /// The next list of bytes, behind its length.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], ProgramError> {
        self.list(1)
    }

    /// Message, proof and treasury. The proof is not verified.
    pub(crate) fn update(&mut self) -> Result<Update<'a>, ProgramError> {
        let start = self.0;
        let message = self.bytes()?;
        self.list(NODE)?;
        self.array::<1>()?;
        Ok(Update { message, whole: &start[..start.len() - self.0.len()] })
    }

    /// The next list of elements of `width` bytes, behind their number.
    fn list(&mut self, width: usize) -> Result<&'a [u8], ProgramError> {
        let count = u32::from_le_bytes(*self.array()?) as usize;
        let length = count.checked_mul(width).ok_or(ProgramError::InvalidInstructionData)?;
        let (list, rest) = self.0.split_at_checked(length).ok_or(ProgramError::InvalidInstructionData)?;
        self.0 = rest;
        Ok(list)
    }
}
