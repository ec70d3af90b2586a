// Generated from idl/kedge.json; do not edit.

import type { ReadonlyUint8Array } from '@solana/kit';

export const ORDER_FLAG_POST_ONLY = 1;
export const ORDER_FLAG_REDUCE_ONLY = 2;
export const ORDER_FLAG_IMMEDIATE_OR_CANCEL = 4;
export const ORDER_FLAG_FILL_OR_KILL = 8;
export const ORDER_FLAG_SLIDE = 16;
export const ORDER_FLAG_OFFSET = 32;
export const ORDER_FLAG_LEG = 64;
export const ORDER_FLAG_HAS_LEGS = 128;
export const ORDER_FLAG_BUILDER = 256;
export const ORDER_FLAG_TRIGGER_MARK = 512;
export const ORDER_FLAG_TRIGGER_LAST = 1024;
export const ORDER_FLAG_SELF_CANCEL_TAKER = 2048;
export const ORDER_FLAG_SELF_DECREMENT = 4096;
export const ORDER_FLAG_NO_LIMIT = 8192;
export const ORDER_CHANGE_PRICE = 1;
export const ORDER_CHANGE_SIZE = 2;
export const ORDER_CHANGE_TRIGGER = 4;
export const ORDER_CHANGE_EXPIRY = 8;
export const ORDER_CHANGE_EXTENT = 16;
export const POSITION_STATUS_USED = 1;
export const POSITION_STATUS_ISOLATED = 2;
export const POSITION_STATUS_BEING_LIQUIDATED = 4;
export const POSITION_STATUS_BANKRUPT = 8;
export const SUB_ACCOUNT_STATUS_BEING_LIQUIDATED = 1;
export const SUB_ACCOUNT_STATUS_BANKRUPT = 2;
export const SUB_ACCOUNT_STATUS_HAS_ISOLATED = 4;
export const OPERATION_DEPOSIT = 1;
export const OPERATION_WITHDRAW = 2;
export const OPERATION_PLACE = 4;
export const OPERATION_FILL = 8;
export const OPERATION_FILL_AMM = 16;
export const OPERATION_LIQUIDATE = 32;
export const OPERATION_FUNDING = 64;
export const OPERATION_SETTLE = 128;
export const OPERATION_UPDATE_AMM = 256;
export const OPERATION_TRANSFER = 512;
export const RECEIVER_UPGRADED = 1;
export const RECEIVER_LEGACY = 2;
export const NO_MARKET = 65535;
export const EXCHANGE_VERSION = 1;
export const PRICE_BOARD_VERSION = 1;
export const MARKET_VERSION = 1;
export const BANK_VERSION = 1;
export const TRADER_VERSION = 1;
export const SUB_ACCOUNT_VERSION = 1;
export const EVENT_VERSION = 1;
/** The 16 bytes with which every signed message begins. */
export const SIGNED_DOMAIN: ReadonlyUint8Array = new Uint8Array([107,101,100,103,101,32,111,114,100,101,114,115,32,118,49,10]);
/** First 8 bytes of a call of the program to itself, in front of its message of records. */
export const EVENT_CALL_TAG: ReadonlyUint8Array = new Uint8Array([228,69,165,46,81,203,154,29]);
/** A price of 1.00 quote per base. */
export const PRICE_SCALE = 1000000n;
/** One unit of the quote asset. */
export const QUOTE_SCALE = 1000000n;
/** One unit of a base asset: sizes and positions. */
export const BASE_SCALE = 1000000000n;
/** A ratio of 1: parts per million. */
export const RATIO_SCALE = 1000000n;
/** A premium or a funding rate of 1: parts per billion. */
export const RATE_SCALE = 1000000000n;
/** Most markets of the board; an index is below it. */
export const MAX_MARKETS = 24;
/** Most banks of the board; an index is below it. */
export const MAX_BANKS = 6;
/** Index of the bank in which profit and loss is settled. */
export const QUOTE_BANK = 0;
/** Most open sub-accounts of one authority. */
export const MAX_SUB_ACCOUNTS = 256;
/** Positions of a sub-account. */
export const MAX_POSITIONS = 16;
/** Balances of a sub-account. */
export const MAX_BALANCES = 8;
/** Most order slots of a sub-account. */
export const MAX_ORDERS = 128;
/** Slots by which a sub-account's tail of orders grows at the least. */
export const ORDER_STEP = 4;
/** Most legs of one order, and most orders of which one cancels the others. */
export const MAX_GROUP = 4;
/** Most maker accounts of one fill. */
export const MAX_MAKERS = 8;
/** Most maker orders that one fill looks at. */
export const MAX_MAKER_ORDERS = 16;
/** Most orders that one expire_orders returns. */
export const MAX_EXPIRED = 12;
/** Most orders of one signed message. */
export const MAX_SIGNED_ORDERS = 3;
/** Most milliseconds of slots for which a signed message is good. */
export const MAX_SIGNED_MS = 600000n;
/** How far ahead of the highest number so far that of a signed message may be. */
export const MAX_SIGNED_NUMBER_STEP = 4294967296n;
/** Most seconds ahead for which a timed client id is good. */
export const MAX_CLIENT_ID_SECONDS = 300;
/** Seconds after its auction in which a market order without an expiry can still be filled. */
export const MARKET_ORDER_SECONDS = 30n;
/** Most milliseconds of a price at which the vAMM and orders with OFFSET trade. */
export const LIVE_MS = 2400n;
/** Seconds of a funding period. */
export const FUNDING_PERIOD = 3600n;
/** Smallest distance of a trailing stop, in parts per million. */
export const LEAST_TRAIL = 100;
/** Largest distance of a trailing stop, in parts per million. */
export const MAX_TRAIL = 200000;
/** Fewest seconds between two slices of a TWAP. */
export const LEAST_SLICE_SECONDS = 10;
/** Most seconds between two slices of a TWAP. */
export const MAX_SLICE_SECONDS = 86400;
/** Fewest slices of a TWAP. */
export const LEAST_SLICES = 2;
/** Most slices of a TWAP. */
export const MAX_SLICES = 1000;
/** Largest fee of a builder, in parts per million of the traded quote. */
export const MAX_BUILDER_FEE = 1000;
/** Fee for triggering, slicing or ending somebody's order, in quote units. */
export const CRANK_FEE = 10000n;
/** Fee for moving somebody's trailing stop, in quote units. */
export const TRAIL_FEE = 1000n;
