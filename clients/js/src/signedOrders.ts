// Orders signed off the chain: the bytes and the text that a wallet signs, and the instructions that place them
// (docs/signed-orders.md).

import {
    compileOffchainMessageV0Envelope,
    getAddressEncoder,
    offchainMessageApplicationDomain,
    offchainMessageContentRestrictedAsciiOf1232BytesMax,
    type Address,
    type Instruction,
    type ReadonlyUint8Array,
} from '@solana/kit';

import {
    getOrderParamsEncoder,
    getPlaceSignedOrdersInstruction,
    getSignedHeaderEncoder,
    KEDGE_PROGRAM_ADDRESS,
    MAX_SIGNED_ORDERS,
    ORDER_FLAG_BUILDER,
    ORDER_FLAG_LEG,
    ORDER_FLAG_OFFSET,
    ORDER_FLAG_POST_ONLY,
    ORDER_FLAG_REDUCE_ONLY,
    ORDER_FLAG_SELF_CANCEL_TAKER,
    ORDER_FLAG_SELF_DECREMENT,
    ORDER_FLAG_SLIDE,
    ORDER_FLAG_TRIGGER_LAST,
    ORDER_FLAG_TRIGGER_MARK,
    SIGNED_DOMAIN,
    type OrderParamsArgs,
} from './generated/index.js';
import { BASE_DECIMALS, fromUnits, PRICE_DECIMALS } from './units.js';

/** The program that verifies signatures. */
const ED25519_PROGRAM = 'Ed25519SigVerify111111111111111111111111111' as Address;

/** What a signed message says. */
export type SignedOrders = {
    /** The sub-account that places the orders. */
    subAccount: Address;
    /** Number of the message: each is accepted once, at most 127 behind the highest so far and 2^32 ahead of it. */
    number: bigint;
    /** Slot of signing: not in the future. */
    slot: bigint;
    /** Last slot in which it can be placed, at most ten minutes of slots later. */
    lastSlot: bigint;
    /** One to three orders of one market. */
    orders: OrderParamsArgs[];
};

/**
 * The bytes to sign, for keys at hand: 104 bytes and 72 for each order.
 *
 * @throws RangeError for no order or more than three.
 */
export function signedOrdersMessage(signed: SignedOrders, program: Address = KEDGE_PROGRAM_ADDRESS): Uint8Array {
    const { subAccount, number, slot, lastSlot } = signed;
    const header = { domain: SIGNED_DOMAIN, program, subAccount, nonce: number, slot, maxSlot: lastSlot };
    return joined(getSignedHeaderEncoder().encode(header), ...encoded(signed.orders));
}

/**
 * The text to sign, for people who read it on their wallet.
 *
 * @param market Name of the market of all orders, as in its account.
 * @throws RangeError for what no text can say: no order or more than three, several markets, orders that fill at once.
 */
export function signedOrdersText(signed: SignedOrders, market: string): string {
    const orders = encoded(signed.orders).map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    const index = orders[0]!.getUint16(MARKET, true);
    if (orders.some((order) => order.getUint16(MARKET, true) !== index)) {
        throw new RangeError('the orders of one text are of one market');
    }
    const clauses = [
        ...orders.map(clause),
        `account ${signed.subAccount}`,
        `number ${signed.number}`,
        `slots ${signed.slot} to ${signed.lastSlot}`,
    ];
    return `Kedge orders in ${market}, market ${index}: ${clauses.join('; ')}`;
}

/**
 * The text in Solana's off-chain message envelope (version 0, restricted ASCII, one signer): what a hardware wallet signs
 * when it shows a text. Wallets that take the text add it themselves.
 *
 * @param domain The application that is shown; the exchange accepts any.
 */
export function signedOrdersEnvelope(
    text: string,
    signer: Address,
    domain: Address = KEDGE_PROGRAM_ADDRESS,
): ReadonlyUint8Array {
    return compileOffchainMessageV0Envelope({
        applicationDomain: offchainMessageApplicationDomain(domain),
        content: offchainMessageContentRestrictedAsciiOf1232BytesMax(text),
        requiredSignatories: [{ address: signer }],
        version: 0,
    }).content;
}

/**
 * Both instructions that place what was signed, in a row: nothing may stand between them. Anybody sends them; prices that
 * the account's margin needs are refreshed in front of both.
 */
export function getSignedOrdersInstructions(input: {
    /** Who signed: owner or delegate of the sub-account. */
    signer: Address;
    /** 64 bytes. */
    signature: ReadonlyUint8Array;
    /** The bytes that were signed. */
    message: ReadonlyUint8Array;
    /** The market's account. */
    market: Address;
    subAccount: Address;
}): [Instruction, Instruction] {
    const { signer, signature, message, market, subAccount } = input;
    if (signature.length !== 64) throw new RangeError(`a signature is 64 bytes, not ${signature.length}`);
    const HERE = 0xffff;
    // One signature; where it, the key and the message begin, all of them in this instruction.
    const words = new Uint8Array(new Uint16Array([48, HERE, 16, HERE, 112, message.length, HERE]).buffer);
    const data = joined(new Uint8Array([1, 0]), words, getAddressEncoder().encode(signer), signature, message);
    return [
        { programAddress: ED25519_PROGRAM, accounts: [], data } as Instruction,
        getPlaceSignedOrdersInstruction({ market, subAccount }) as Instruction,
    ];
}

function encoded(orders: OrderParamsArgs[]): ReadonlyUint8Array[] {
    if (orders.length < 1 || orders.length > MAX_SIGNED_ORDERS) {
        throw new RangeError(`one to three orders are signed together, not ${orders.length}`);
    }
    return orders.map((order) => getOrderParamsEncoder().encode(order));
}

function joined(...parts: ReadonlyUint8Array[]): Uint8Array {
    const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
    return bytes;
}

// Offsets in the 72 bytes of an order: what is signed is said of the bytes, not of what they were made from.
const SIZE = 16;
const MARKET = 64;
const FLAGS = 66;
const KIND = 68;
const SIDE = 69;
const KINDS = ['market', 'limit', 'stop', 'stop-limit', 'profit', 'profit-limit', 'trailing', 'twap'];

/** Words in their order: name, offset, decimals, bytes. */
const NUMBERS: [string, number, number, 4 | 8][] = [
    ['price', 8, PRICE_DECIMALS, 8],
    ['from', 24, PRICE_DECIMALS, 8],
    ['to', 32, PRICE_DECIMALS, 8],
    ['auction-ms', 52, 0, 4],
    ['trigger', 40, PRICE_DECIMALS, 8],
    ['extent', 56, 0, 4],
    ['link', 60, 0, 4],
    ['expires', 48, 0, 4],
    ['client-id', 0, 0, 8],
];

/** Words without a number, behind the others. */
const WORDS: [string, number][] = [
    ['post-only', ORDER_FLAG_POST_ONLY],
    ['slide', ORDER_FLAG_SLIDE],
    ['leg', ORDER_FLAG_LEG],
    ['reduce-only', ORDER_FLAG_REDUCE_ONLY],
    ['trigger-mark', ORDER_FLAG_TRIGGER_MARK],
    ['trigger-last', ORDER_FLAG_TRIGGER_LAST],
    ['cancel-taker', ORDER_FLAG_SELF_CANCEL_TAKER],
    ['decrement', ORDER_FLAG_SELF_DECREMENT],
    ['builder', ORDER_FLAG_BUILDER],
];

function clause(order: DataView): string {
    const [side, kind, flags] = [order.getUint8(SIDE), order.getUint8(KIND), order.getUint16(FLAGS, true)];
    const speakable = WORDS.reduce((all, [, flag]) => all | flag, ORDER_FLAG_OFFSET);
    if (side > 1 || KINDS[kind] === undefined || flags & ~speakable) {
        throw new RangeError('no text says this order: its side, its kind or a flag (one that fills at once) has no word');
    }
    const said = [side === 0 ? 'buy' : 'sell', fromUnits(order.getBigUint64(SIZE, true), BASE_DECIMALS), KINDS[kind]];
    for (const [name, at, decimals, bytes] of NUMBERS) {
        const value = bytes === 8 ? order.getBigUint64(at, true) : BigInt(order.getUint32(at, true));
        if (name === 'price' && flags & ORDER_FLAG_OFFSET) {
            said.push('offset', fromUnits(BigInt.asIntN(64, value), decimals));
        } else if (value !== 0n) {
            said.push(name, fromUnits(value, decimals));
        }
    }
    said.push(...WORDS.filter(([, flag]) => flags & flag).map(([name]) => name));
    return said.join(' ');
}
