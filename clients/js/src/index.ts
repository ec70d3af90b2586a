export { KedgeAccountError } from './accounts.js';
export * from './errors.js';
export * from './events.js';
export * from './generated/index.js';
export * from './json.js';
export * from './prices.js';
export * from './signedOrders.js';
export * from './units.js';
