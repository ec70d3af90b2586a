//! `kedge cancel`.

use kedge_interface::instruction::{CancelOrders, KedgeInstruction};
use kedge_model::action::OrderFilter;

use super::{landed, no_order, ticket};
use crate::args::Cancel;
use crate::directory::Directory;
use crate::error::{CliError, Result};
use crate::output::Output;
use crate::session::Session;

/// Largest number of ids in one transaction.
const AT_ONCE: usize = 128;

/// Cancels orders by id, or by market, side and client id.
pub(crate) async fn run(session: &Session, options: &Cancel) -> Result<Output> {
    let signer = session.signer()?;
    let directory = Directory::fetch(&session.client).await?;
    let (sub_account, account) = session.account(&options.which).await?;
    if options.orders.len() > AT_ONCE {
        return Err(CliError::Usage(format!("at most {AT_ONCE} ids at once; --all and --market take any number")));
    }
    for id in &options.orders {
        if account.open_orders().all(|(_, order)| order.id != *id) {
            return Err(no_order(*id, account.head.id));
        }
    }
    let mut filter = OrderFilter::ANY;
    if let Some(name) = &options.market {
        filter.market = directory.market(name)?.data.index;
    }
    if let Some(side) = options.side {
        filter.side = ticket::side(side) as u8;
    }
    filter.client_id = options.client_id.unwrap_or(0);
    let cancel = CancelOrders { signer, sub_account, filter, ids: options.orders.clone() };
    let sent = session.send(&[cancel.instruction()]).await?;
    landed(session, &directory, sent).await
}
