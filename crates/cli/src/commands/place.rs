//! `kedge place`.

use kedge_client::book;
use kedge_client::prices::{self, Row};
use kedge_interface::instruction::{KedgeInstruction, PlaceAndTake, PlaceOrders};
use kedge_model::event::NoEvents;
use kedge_model::offer;
use kedge_model::order::{Side, flags};

use super::{landed, ticket};
use crate::args::{ClientId, Place};
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::{Output, wrap};
use crate::session::Session;

/// Maker accounts that fit a transaction beside everything else.
const MAKER_ACCOUNTS: usize = 8;

/// Places an order, with a refresh of old prices in front.
pub async fn run(session: &Session, options: &Place, as_json: bool) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let market = directory.market(&options.market)?;
    let clock = session.client.clock().await?;
    let orders = ticket::orders(options, &market.data, clock.unix_time)?;
    let takes = options.take || options.ioc || options.fok;
    if options.min_fill.is_some() && !takes {
        return Err(CliError::Usage("--min-fill goes with --take or --ioc".into()));
    }
    let (at, account) = session.account(&options.which).await?;

    let board = session.client.board().await?;
    let mut rows = prices::in_use(&account.head);
    rows.push(Row::Market(market.data.index));
    let mut instructions: Vec<_> = if takes {
        // The vAMM trades only against a price at least as young as the order.
        vec![session.refresh_all(&board, &rows).await?]
    } else {
        session.refresh(&board, &rows, &clock).await?.into_iter().collect()
    };
    match orders.as_slice() {
        [order] if takes => {
            let mut everybody = session.client.all_sub_accounts().await?;
            // Where the refresh in front will put it: orders at a distance to the oracle stand there.
            let view = session.view(&[Row::Market(order.market)]).await?;
            let oracle = view.board.market(order.market)?.price.price;
            // Offers that their owners cannot back would take the places of those that can trade.
            let exchange = session.client.exchange().await?;
            let judged = kedge_model::action::Context {
                exchange: &exchange,
                board: &view.board,
                market: &mut market.data.clone(),
                clock,
                sink: &mut NoEvents,
            };
            book::drop_unbacked(&mut everybody, &judged, order.size);
            let grid = book::Grid { oracle, tick: market.data.tick };
            let side = Side::from_number(order.side)?;
            let limit = if order.flags & flags::OFFSET == 0 {
                order.price
            } else {
                offer::at_offset(side, oracle, order.price.0.cast_signed(), grid.tick)?
            };
            let wanted = (order.market, side, limit);
            let (mut maker_accounts, makers) = book::makers_for(&everybody, wanted, grid, &at, MAKER_ACCOUNTS, &clock);
            // Referrer and builder get their part when one of their sub-accounts comes along.
            for owner in [account.head.referrer, account.head.builder] {
                let theirs = everybody.iter().find(|found| owner != [0; 32] && found.data.head.authority == owner);
                if let Some(found) =
                    theirs.filter(|found| found.address != at && !maker_accounts.contains(&found.address))
                {
                    maker_accounts.push(found.address);
                }
            }
            let min_fill = match &options.min_fill {
                Some(text) => ticket::size(text, &market.data)?.0,
                None => 0,
            };
            let order = *order;
            let take = PlaceAndTake {
                signer,
                market: market.address,
                sub_account: at,
                order,
                min_fill,
                makers,
                maker_accounts,
            };
            instructions.push(take.instruction());
        }
        _ => {
            let place = PlaceOrders { signer, market: market.address, sub_account: at, orders: orders.clone() };
            instructions.push(place.instruction());
        }
    }
    if let [order, ..] = orders.as_slice()
        && options.client_id == ClientId::New
        && !as_json
    {
        let seconds = ticket::CLIENT_ID_SECONDS;
        let told = format!(
            "client id {0}: with --client-id {0} this command can be repeated for {seconds} s without placing twice",
            order.client_id
        );
        eprint!("{}", wrap("", &told));
    }
    let sent = session.send(&instructions).await?;
    landed(session, &directory, sent).await
}
