// Where the prices of a row come from: what `refresh_prices` is handed.

import {
    address,
    getAddressDecoder,
    getProgramDerivedAddress,
    getU16Encoder,
    type Address,
    type ReadonlyUint8Array,
} from '@solana/kit';

import { getRefreshPricesInstruction, SourceKind, type PriceBoard, type PriceRow } from './generated/index.js';

/** Pyth's push oracle since the upgrade of 18 August 2026, which keeps an account a feed up to date. */
export const PYTH_PUSH_ORACLE = address('pyt2F414BA6dPttK6RddPZUdHfapoBN24GL5wbrPCou');
/** Pyth's push oracle before the upgrade. */
export const PYTH_LEGACY_PUSH_ORACLE = address('pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT');

/** In `owners` of a source: accounts of the receiver before the upgrade alone. */
const LEGACY_ALONE = 2;

/** The account of a push oracle for a feed. Shard 0 is the one that Pyth's sponsors keep up to date. */
export async function findPythFeed(feedId: ReadonlyUint8Array, pushOracle: Address, shard = 0): Promise<Address> {
    const seeds = [getU16Encoder().encode(shard), feedId];
    return (await getProgramDerivedAddress({ programAddress: pushOracle, seeds }))[0];
}

/** The price accounts of a row, in the order in which `refresh_prices` wants them; none for a row at a fixed price. */
export async function findOracles(row: PriceRow): Promise<Address[]> {
    const sources = row.sources.slice(0, row.sourceCount).filter(({ kind }) => kind !== SourceKind.Fixed);
    return Promise.all(
        sources.map(({ kind, key, owners }) => {
            if (kind !== SourceKind.PythPull) return Promise.resolve(getAddressDecoder().decode(key));
            return findPythFeed(key, owners === LEGACY_ALONE ? PYTH_LEGACY_PUSH_ORACLE : PYTH_PUSH_ORACLE);
        }),
    );
}

/**
 * The instruction that brings the newest prices of these rows of the board, by index. In front of a trade it is what lets
 * the vAMM take part: that trades only at a price which was published since the order was placed.
 */
export async function getFreshPricesInstruction(board: PriceBoard, rows: { markets: number[]; banks: number[] }) {
    const { markets, banks } = rows;
    const asked = [...markets.map((index) => board.markets[index]), ...banks.map((index) => board.banks[index])];
    const oracles = await Promise.all(
        asked.map((row) => {
            if (!row) throw new RangeError('the board has 24 rows of markets and 6 of banks');
            return findOracles(row.price);
        }),
    );
    return getRefreshPricesInstruction({ markets, banks, oracles: oracles.flat() });
}
