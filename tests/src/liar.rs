//! A relay that lies. It is the real relay, inside this program or as processes (see `faces`), with
//! its genuine signing key, and between it and the devices stands whatever a test makes of its replies: withheld, changed, repeated,
//! in another order, from another time, different for different devices; signed anew, so that the
//! lie is the relay's own word. Several *faces* of one relay show different devices different
//! pasts.

use std::collections::HashMap;

use folge_core::Error;
use folge_core::client::Client;
use folge_core::sync::{Outgoing, SyncReport};
use folge_protocol::codec::{Decode, Encode};
use folge_protocol::crypto::SecretKey;
use folge_protocol::envelope::{Envelope, envelope_hash, next_head, stream_start};
use folge_protocol::ids::{DeviceId, DocumentId, Hash, InstanceId, WorkspaceId};
use folge_protocol::wire::{NO_REQUEST, PATH_FOUND, RelayError, StreamHead, SyncReply};

use crate::clock::StillClock;
pub use crate::faces::Listener;
use crate::faces::{Faces, InProcess, Processes};

/// Round trips of one sync; more means that it does not come to an end.
const ROUNDS_MAX: usize = 60;

/// A reply on its way to a device, to be lied about.
pub struct Lie<'a> {
    /// The reply; it is signed anew when the test is done with it.
    pub reply: SyncReply,
    told: &'a HashMap<DocumentId, (u64, Hash)>,
    workspace: WorkspaceId,
}

impl std::fmt::Debug for Lie<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lie")
    }
}

impl Lie<'_> {
    /// Numbers the deliveries one after the other behind what this device was told before, and
    /// chains heads over them: a stream of which the device cannot see that anything was done
    /// to it.
    pub fn renumber(&mut self) {
        let instance = self.reply.receipt.instance;
        let mut heads: HashMap<DocumentId, (u64, Hash)> = HashMap::new();
        for delivery in &mut self.reply.deliveries {
            let Ok(document) = document_of(&delivery.envelope.0) else {
                continue;
            };
            let told = self.told.get(&document).copied();
            let (number, head) = heads
                .get(&document)
                .copied()
                .or(told)
                .unwrap_or_else(|| (0, stream_start(instance, self.workspace, document)));
            delivery.number = number + 1;
            let hash = envelope_hash(&delivery.envelope.0);
            let head = next_head(head, hash, delivery.accepted_ms);
            heads.insert(document, (delivery.number, head));
        }
        self.set_heads(&heads);
    }

    /// Sets the receipt's heads of some streams.
    pub fn set_heads(&mut self, heads: &HashMap<DocumentId, (u64, Hash)>) {
        let receipt = &mut self.reply.receipt;
        receipt
            .heads
            .retain(|head| !heads.contains_key(&head.document));
        receipt
            .heads
            .extend(heads.iter().map(|(document, (number, head))| StreamHead {
                document: *document,
                number: *number,
                head: *head,
            }));
    }

    /// Hides every envelope of a device, and that there is one.
    pub fn hide(&mut self, device: DeviceId) {
        self.reply
            .deliveries
            .retain(|delivery| device_of(&delivery.envelope.0) != Ok(device));
        let left: Vec<DocumentId> = self
            .reply
            .deliveries
            .iter()
            .filter_map(|delivery| document_of(&delivery.envelope.0).ok())
            .chain(self.reply.acks.iter().map(|ack| ack.document))
            .collect();
        self.reply
            .receipt
            .heads
            .retain(|head| left.contains(&head.document));
    }
}

fn document_of(envelope: &[u8]) -> Result<DocumentId, ()> {
    Envelope::from_bytes(envelope)
        .map(|envelope| envelope.header.document)
        .map_err(drop)
}

fn device_of(envelope: &[u8]) -> Result<DeviceId, ()> {
    Envelope::from_bytes(envelope)
        .map(|envelope| envelope.header.device)
        .map_err(drop)
}

/// The lying relay.
pub struct Liar {
    faces: Box<dyn Faces>,
    key: SecretKey,
    told: Told,
}

impl std::fmt::Debug for Liar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Liar")
    }
}

/// What each device was told of each stream last, by the receipts that it was given.
type Told = HashMap<(DeviceId, InstanceId), HashMap<DocumentId, (u64, Hash)>>;

impl Liar {
    /// A relay inside this program, which has not lied yet.
    #[must_use]
    pub fn in_process(clock: StillClock) -> Self {
        Self::with(Box::new(InProcess::start(clock)))
    }

    /// A `folge-relay` process with that wall clock, which devices reach over HTTP and through the
    /// liar. Each face is such a process; a new life is the program's `backup` and `restore`.
    #[must_use]
    pub fn by_processes(clock: StillClock) -> Self {
        Self::with(Box::new(Processes::start(clock)))
    }

    fn with(faces: Box<dyn Faces>) -> Self {
        Self {
            key: faces.key(),
            faces,
            told: HashMap::new(),
        }
    }

    /// Its address, as devices are told.
    #[must_use]
    pub fn url(&self) -> String {
        self.faces.url()
    }

    /// The relay's public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        *self.key.public().as_bytes()
    }

    /// The relay's signing key, to lie with.
    #[must_use]
    pub fn key(&self) -> &SecretKey {
        &self.key
    }

    /// Another face that knows all that this one knows now.
    pub fn fork(&mut self, face: usize) -> usize {
        self.faces.fork(face)
    }

    /// Makes a face what another is: an old copy, an old face again.
    pub fn overwrite(&mut self, from: usize, into: usize) {
        self.faces.overwrite(from, into);
    }

    /// What an honest operator does after something went wrong: a new life.
    pub fn begin_life(&mut self, face: usize) {
        self.faces.begin_life(face);
    }

    /// The honest answer of a face.
    /// # Errors
    /// What the relay refuses.
    pub fn ask(&mut self, face: usize, request: &Outgoing) -> Result<Vec<u8>, RelayError> {
        self.faces.ask(face, request)
    }

    /// Listens on a live connection of a face in a device's name.
    pub fn listen(&mut self, face: usize, client: &mut Client) -> Listener {
        self.faces.listen(face, client)
    }

    /// The frames that came there since the last call.
    pub fn heard(&mut self, listener: &mut Listener) -> Vec<Vec<u8>> {
        self.faces.heard(listener)
    }

    /// Pushes a frame to a device.
    /// # Errors
    /// What the client says of it.
    pub fn push(&mut self, client: &mut Client, frame: &[u8]) -> Result<SyncReport, Error> {
        self.faces.push(client, frame)
    }

    /// Answers a device's request with bytes, whatever it asked.
    /// # Errors
    /// What the client says of it.
    pub fn answer(
        &mut self,
        client: &mut Client,
        request: &Outgoing,
        bytes: &[u8],
    ) -> Result<SyncReport, Error> {
        let bytes = self.faces.answer(request, bytes)?;
        client.sync_reply(&bytes)
    }

    /// One round trip with a lie in it.
    /// # Errors
    /// What the client says of it.
    pub fn lie(
        &mut self,
        face: usize,
        client: &mut Client,
        lie: impl FnOnce(&mut Lie<'_>),
    ) -> Result<SyncReport, Error> {
        let request = client.sync_request()?;
        let (told, key, mut lie) = (&mut self.told, &self.key, Some(lie));
        let mut tamper = |reply: Vec<u8>| match lie.take() {
            Some(lie) if request.path != PATH_FOUND => tell(told, key, client, &reply, lie),
            _ => reply,
        };
        match self.faces.carry(face, &request, &mut tamper) {
            Ok(bytes) => client.sync_reply(&bytes),
            Err(error) => {
                client.sync_failed(&error);
                Err(error)
            }
        }
    }

    /// Makes of a reply what a lie makes of it, and signs it anew.
    pub fn tell(
        &mut self,
        client: &Client,
        reply: &[u8],
        lie: impl FnOnce(&mut Lie<'_>),
    ) -> Vec<u8> {
        tell(&mut self.told, &self.key, client, reply, lie)
    }

    /// Syncs honestly until there is nothing more to do.
    /// # Errors
    /// What the client says of it.
    pub fn sync(&mut self, face: usize, client: &mut Client) -> Result<(), Error> {
        for _ in 0..ROUNDS_MAX {
            if !self.lie(face, client, |_| {})?.more {
                return Ok(());
            }
        }
        unreachable!("the sync does not come to an end")
    }

    /// Signs a reply as a frame of the live push.
    #[must_use]
    pub fn as_frame(&self, client: &Client, reply: &[u8]) -> Vec<u8> {
        let Ok(mut reply) = SyncReply::from_bytes(reply) else {
            return reply.to_vec();
        };
        reply.receipt.answers = NO_REQUEST;
        reply.sign(client.identity().workspace, &self.key);
        reply.to_bytes()
    }
}

fn tell(
    told: &mut Told,
    key: &SecretKey,
    client: &Client,
    reply: &[u8],
    lie: impl FnOnce(&mut Lie<'_>),
) -> Vec<u8> {
    let Ok(reply) = SyncReply::from_bytes(reply) else {
        return reply.to_vec();
    };
    let workspace = client.identity().workspace;
    let life = (client.device(), reply.receipt.instance);
    let told = told.entry(life).or_default();
    let mut telling = Lie {
        reply,
        told,
        workspace,
    };
    lie(&mut telling);
    let mut reply = telling.reply;
    reply.sign(workspace, key);
    for head in &reply.receipt.heads {
        let last = told.entry(head.document).or_insert((0, Hash::ZERO));
        if head.number > last.0 {
            *last = (head.number, head.head);
        }
    }
    reply.to_bytes()
}
