//! Order flags, one bit each.

/// Must not trade when it is placed.
pub const POST_ONLY: u16 = 1;
/// Only reduces the position.
pub const REDUCE_ONLY: u16 = 1 << 1;
/// What is not filled at once is cancelled.
pub const IMMEDIATE_OR_CANCEL: u16 = 1 << 2;
/// Filled in full at once, or not at all.
pub const FILL_OR_KILL: u16 = 1 << 3;
/// A post-only order that would trade moves to one tick before the touch instead of being refused.
pub const SLIDE: u16 = 1 << 4;
/// The price is a signed distance to the oracle.
pub const OFFSET: u16 = 1 << 5;
/// One leg of a bracket, or one of two orders of which one cancels the other.
pub const LEG: u16 = 1 << 6;
/// Legs of a bracket follow this order's fills.
pub const HAS_LEGS: u16 = 1 << 7;
/// Came through the sub-account's builder, who gets its fee.
pub const BUILDER: u16 = 1 << 8;
/// The trigger looks at the mark instead of the oracle.
pub const TRIGGER_MARK: u16 = 1 << 9;
/// The trigger looks at the last fill instead of the oracle.
pub const TRIGGER_LAST: u16 = 1 << 10;
/// Against an order of its own owner, the taker is cancelled (neither bit: the maker).
pub const SELF_CANCEL_TAKER: u16 = 1 << 11;
/// Against an order of its own owner, both shrink by the smaller size.
pub const SELF_DECREMENT: u16 = 1 << 12;
/// The owner gave no protection price: each auction sets one from the oracle, and may be started anew when it has
/// ended unfilled. Set by the program on orders that wait or come in slices.
pub const NO_LIMIT: u16 = 1 << 13;
/// What happens against an order of its own owner: one of these, or neither.
pub const SELF_TRADE: u16 = SELF_CANCEL_TAKER | SELF_DECREMENT;
/// Not to rest: what is not filled at once goes.
pub const AT_ONCE: u16 = IMMEDIATE_OR_CANCEL | FILL_OR_KILL;
/// Flags that few orders have and that need a closer look when one is placed.
pub const RARE: u16 = FILL_OR_KILL | SLIDE | OFFSET | SELF_TRADE;
/// Where the trigger looks: one of these, or neither.
pub const TRIGGER: u16 = TRIGGER_MARK | TRIGGER_LAST;
/// An order that belongs to a group: its fills and its end change the others.
pub const GROUPED: u16 = LEG | HAS_LEGS;
/// Flags of orders that wait for a trigger, come in slices or belong together; no other order names them.
pub const CONDITIONAL: u16 = LEG | HAS_LEGS | TRIGGER | NO_LIMIT;
/// Flags that this version accepts.
pub const ALL: u16 =
    POST_ONLY | REDUCE_ONLY | IMMEDIATE_OR_CANCEL | FILL_OR_KILL | SLIDE | OFFSET | SELF_TRADE | BUILDER | CONDITIONAL;
