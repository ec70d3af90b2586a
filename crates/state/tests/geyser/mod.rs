//! A server that speaks the protocol of Yellowstone's Geyser plugin.

use std::net::SocketAddr;
use std::pin::Pin;

use futures_util::{Stream, stream};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};
use yellowstone_grpc_proto::geyser::geyser_server::{Geyser, GeyserServer};
use yellowstone_grpc_proto::geyser::subscribe_update::UpdateOneof;
use yellowstone_grpc_proto::geyser::*;

/// The token that the server admits.
pub(crate) const TOKEN: &str = "s3cret";
/// A subscriber, as the server sees it.
pub(crate) struct Subscriber {
    /// The subscriber's requests.
    pub requests: Streaming<SubscribeRequest>,
    updates: UnboundedSender<Result<SubscribeUpdate, Status>>,
}

impl Subscriber {
    /// Sends the subscriber an update.
    pub(crate) fn tell(&self, update: UpdateOneof) {
        let update = SubscribeUpdate { update_oneof: Some(update), ..SubscribeUpdate::default() };
        // A subscriber that has hung up gets nothing.
        let _ = self.updates.send(Ok(update));
    }

    /// Sends the subscriber a slot.
    pub(crate) fn slot(&self, slot: u64, status: SlotStatus) {
        self.tell(UpdateOneof::Slot(SubscribeUpdateSlot { slot, status: status.into(), ..Default::default() }));
    }

    /// Sends the subscriber an account; without bytes a closed one.
    pub(crate) fn account(&self, slot: u64, version: u64, address: [u8; 32], bytes: Option<&[u8]>) {
        let info = SubscribeUpdateAccountInfo {
            pubkey: address.to_vec(),
            lamports: u64::from(bytes.is_some()),
            data: bytes.unwrap_or_default().to_vec(),
            write_version: version,
            ..SubscribeUpdateAccountInfo::default()
        };
        let update = SubscribeUpdateAccount { account: Some(info), slot, ..SubscribeUpdateAccount::default() };
        self.tell(UpdateOneof::Account(update));
    }
}

/// A server that hands its subscribers to the test.
pub(crate) struct Plugin(UnboundedSender<Subscriber>);

impl Plugin {
    /// Starts a server on a free port. Returns its address and its subscribers.
    pub(crate) async fn start() -> (SocketAddr, UnboundedReceiver<Subscriber>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, subscribers) = unbounded_channel();
        let service = GeyserServer::new(Self(sender));
        let server = Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(async move { server.await.unwrap() });
        (address, subscribers)
    }
}

fn admit<T>(request: &Request<T>) -> Result<(), Status> {
    match request.metadata().get("x-token") {
        Some(token) if token == TOKEN => Ok(()),
        _ => Err(Status::unauthenticated("no valid auth token")),
    }
}

type Updates<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl Geyser for Plugin {
    type SubscribeStream = Updates<SubscribeUpdate>;
    type SubscribeDeshredStream = Updates<SubscribeUpdateDeshred>;
    type SubscribeGossipStream = Updates<SubscribeUpdateGossip>;

    async fn subscribe(
        &self,
        request: Request<Streaming<SubscribeRequest>>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        admit(&request)?;
        let (updates, told) = unbounded_channel();
        let _ = self.0.send(Subscriber { requests: request.into_inner(), updates });
        let told =
            stream::unfold(told, async |mut told: UnboundedReceiver<_>| told.recv().await.map(|update| (update, told)));
        Ok(Response::new(Box::pin(told)))
    }

    async fn get_version(&self, request: Request<GetVersionRequest>) -> Result<Response<GetVersionResponse>, Status> {
        admit(&request)?;
        Ok(Response::new(GetVersionResponse { version: "test".into() }))
    }

    async fn subscribe_deshred(
        &self,
        _: Request<Streaming<SubscribeDeshredRequest>>,
    ) -> Result<Response<Self::SubscribeDeshredStream>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn subscribe_gossip(
        &self,
        _: Request<SubscribeGossipRequest>,
    ) -> Result<Response<Self::SubscribeGossipStream>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn subscribe_replay_info(
        &self,
        _: Request<SubscribeReplayInfoRequest>,
    ) -> Result<Response<SubscribeReplayInfoResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn ping(&self, _: Request<PingRequest>) -> Result<Response<PongResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn get_latest_blockhash(
        &self,
        _: Request<GetLatestBlockhashRequest>,
    ) -> Result<Response<GetLatestBlockhashResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn get_block_height(
        &self,
        _: Request<GetBlockHeightRequest>,
    ) -> Result<Response<GetBlockHeightResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn get_slot(&self, _: Request<GetSlotRequest>) -> Result<Response<GetSlotResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn is_blockhash_valid(
        &self,
        _: Request<IsBlockhashValidRequest>,
    ) -> Result<Response<IsBlockhashValidResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}
