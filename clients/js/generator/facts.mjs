// What the IDL cannot say. A new instruction or struct needs a line here only if it has one of these.

/** Seeds of derived addresses: text, then named variables. */
export const PDAS = {
    exchange: ['exchange'],
    board: ['board'],
    market: ['market', { index: 'u16' }],
    bank: ['bank', { index: 'u16' }],
    vault: ['vault', { index: 'u16' }],
    trader: ['trader', { authority: 'publicKey' }],
    subAccount: ['sub', { authority: 'publicKey' }, { id: 'u16' }],
};

const CRANK = { name: 'crank', writable: true, docs: "The signer's sub-account if it takes the reward." };

/** Accounts behind the declared ones, named as in the builders of crates/interface. */
export const TRAILING_ACCOUNTS = {
    refreshPrices: {
        name: 'oracles',
        writable: false,
        docs: 'The oracle accounts of the rows, in the order of their sources.',
    },
    fillOrder: {
        name: 'fillerAndMakers',
        writable: true,
        docs: "The filler's sub-account if it takes the reward, then the makers', the referrer's and the builder's.",
    },
    placeAndTake: {
        name: 'makerAccounts',
        writable: true,
        docs: "The makers' sub-accounts, to which `makers` points, then the referrer's and the builder's.",
    },
    liquidateWithFill: {
        name: 'makerAccounts',
        writable: true,
        docs: "The makers' sub-accounts, to which `makers` points.",
    },
    settlePnl: {
        name: 'owner',
        writable: false,
        signer: true,
        docs: 'The owner, where the market has a deficit and the profit is to become tokens at the haircut.',
    },
    uncross: {
        name: 'owners',
        writable: true,
        docs: 'The sub-accounts of the orders, to which `orders` points.',
    },
    verify: {
        name: 'markets',
        writable: false,
        docs: 'Behind the quote bank all markets, in the order of their indices.',
    },
    placeAndMake: { name: 'sharers', writable: true, docs: 'Sub-accounts of referrer and builder.' },
    triggerOrder: CRANK,
    trailOrder: CRANK,
    sliceOrder: CRANK,
    expireOrders: CRANK,
};

/** Items that follow an account's struct up to the account's end. */
export const TAILS = {
    subAccount: { name: 'orders', item: 'order', docs: 'Order slots, free ones included; the place here is the slot.' },
};

/** Messages with records: a header, then each record behind its own, whose kind says which it is. */
export const MESSAGE = {
    name: 'eventMessage',
    header: 'eventHeader',
    event: 'kedgeEvent',
    frame: 'recordHeader',
    docs: [
        'The records of one instruction: behind the tag e445a52e51cb9a1d in a call of the program to itself, or in its log.',
        'The number of the kind stands in the record\'s header, of which these variants repeat what follows it.',
    ],
};

/** Structs and instructions with values that callers may leave out, which are zero then: all but the required. */
export const REQUIRED = {
    orderParams: ['market', 'kind', 'side', 'size'],
    modifyParams: ['orderId', 'changes'],
    createTrader: [],
};

/** Fields of bytes that hold zero-padded text. */
export const TEXTS = ['name'];
