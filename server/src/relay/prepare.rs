//! A request before it reaches the writer: decoded, hashed, and its signatures checked as far as
//! the keys are known. All of it is pure, so that many threads do it at once.

use folge_protocol::codec::{Decode, DecodeError};
use folge_protocol::crypto::{PublicKey, Tag, tagged_hash};
use folge_protocol::envelope::{Envelope, EnvelopeBytes, Header, envelope_hash};
use folge_protocol::grant::Grant;
use folge_protocol::ids::{DeviceId, Hash, InstanceId, InvitationId, WorkspaceId};
use folge_protocol::membership::{Entry, Membership};
use folge_protocol::wire::{
    FoundRequest, LiveHello, Mark, PATH_FOUND, PATH_LIVE, PATH_SYNC, RelayError, Signed,
    StreamFrom, SyncRequest,
};

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A workspace begins.
    Found,
    /// A device synchronises.
    Sync,
    /// A live connection opens.
    Live,
}

impl Purpose {
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Found => PATH_FOUND,
            Self::Sync => PATH_SYNC,
            Self::Live => PATH_LIVE,
        }
    }
}

/// A decoded request on its way to the writer.
#[derive(Debug)]
pub struct Prepared {
    pub(super) purpose: Purpose,
    pub(super) signed: Signed,
    pub(super) work: Work,
    /// Whether the request's signature verified under the key that the signer's id names.
    pub(super) verified: bool,
    bytes_count: usize,
}

#[derive(Debug)]
pub(super) enum Work {
    Found {
        token: Vec<u8>,
        entry: Box<Entry>,
        bytes: Vec<u8>,
    },
    Sync(SyncWork),
    Live(LiveHello),
}

#[derive(Debug)]
pub(super) struct SyncWork {
    pub(super) instance: Option<InstanceId>,
    pub(super) cursor: u64,
    pub(super) log_len: u64,
    pub(super) entries: Vec<(Vec<u8>, Option<Entry>)>,
    pub(super) grants: Vec<Option<PreparedGrant>>,
    pub(super) envelopes: Vec<Option<PreparedEnvelope>>,
    pub(super) marks: Vec<PreparedMark>,
    pub(super) fetch: Vec<StreamFrom>,
    pub(super) returning: bool,
}

#[derive(Debug)]
pub(super) struct PreparedGrant {
    pub(super) grant: Grant,
    pub(super) hash: Hash,
    pub(super) bytes: Vec<u8>,
    pub(super) verified: bool,
}

#[derive(Debug)]
pub(super) struct PreparedEnvelope {
    pub(super) header: Header,
    pub(super) hash: Hash,
    pub(super) bytes: Vec<u8>,
    pub(super) verified: bool,
}

#[derive(Debug)]
pub(super) struct PreparedMark {
    pub(super) mark: Mark,
    pub(super) verified: bool,
}

impl Prepared {
    /// Decodes a request.
    /// # Errors
    /// [`RelayError::Malformed`], [`RelayError::TooLarge`].
    pub fn parse(purpose: Purpose, bytes: &[u8]) -> Result<Self, RelayError> {
        let malformed = |error| match error {
            DecodeError::TooLarge => RelayError::TooLarge,
            _ => RelayError::Malformed,
        };
        let mut signed = Signed::from_bytes(bytes).map_err(malformed)?;
        let work = match purpose {
            Purpose::Found => {
                let request = FoundRequest::from_bytes(&signed.payload).map_err(malformed)?;
                let bytes = request.entry.0;
                let entry = Box::new(Entry::from_bytes(&bytes).map_err(malformed)?);
                Work::Found {
                    token: request.token,
                    entry,
                    bytes,
                }
            }
            Purpose::Sync => {
                let request = SyncRequest::from_bytes(&signed.payload).map_err(malformed)?;
                Work::Sync(SyncWork::from(request))
            }
            Purpose::Live => Work::Live(LiveHello::from_bytes(&signed.payload).map_err(malformed)?),
        };
        signed.payload.shrink_to_fit();
        Ok(Self {
            purpose,
            signed,
            work,
            verified: false,
            bytes_count: bytes.len(),
        })
    }

    /// The workspace that the request names.
    #[must_use]
    pub fn workspace(&self) -> WorkspaceId {
        self.signed.workspace
    }

    /// Its length as it was sent, in bytes.
    #[must_use]
    pub fn bytes_count(&self) -> usize {
        self.bytes_count
    }

    /// Whether the one it names as its signer may ask at all: a device that is in, an invitation, or
    /// the root. Says nothing of the signature.
    #[must_use]
    pub fn names_member(&self, membership: &Membership) -> bool {
        let signer = self.signed.signer;
        membership.active_device(DeviceId(signer)).is_some()
            || membership.invitations().contains_key(&InvitationId(signer))
            || membership.root().id() == signer
    }

    /// Who it says has signed it.
    #[must_use]
    pub fn signer(&self) -> [u8; 16] {
        self.signed.signer
    }

    /// Checks ahead of the writer every signature whose key the log has. A key is named by its
    /// hash, so a signature that holds under the named key holds whatever the log says later;
    /// who may do what is the writer's judgement.
    /// # Errors
    /// [`RelayError::Unauthorized`] where the request's own signature is wrong.
    pub fn check(&mut self, relay: &[u8; 32], membership: &Membership) -> Result<(), RelayError> {
        let Some(key) = signer_key(membership, self.signed.signer) else {
            return Ok(());
        };
        self.verify(relay, &key)?;
        let signer = DeviceId(self.signed.signer);
        if let Work::Sync(work) = &mut self.work {
            work.check(signer, membership);
        }
        Ok(())
    }

    pub(super) fn verify(&mut self, relay: &[u8; 32], key: &PublicKey) -> Result<(), RelayError> {
        if !self.verified {
            self.signed
                .verify(relay, self.purpose.path(), key)
                .map_err(|_| RelayError::Unauthorized)?;
            self.verified = true;
            // The payload is decoded and its signature checked: nothing needs its bytes now.
            self.signed.payload = Vec::new();
        }
        Ok(())
    }
}

/// The key that a signer's id names, whether or not it may still do anything.
pub(super) fn signer_key(membership: &Membership, signer: [u8; 16]) -> Option<PublicKey> {
    if let Some(device) = membership.devices().get(&DeviceId(signer)) {
        return Some(device.verifier);
    }
    if let Some(invitation) = membership.invitations().get(&InvitationId(signer)) {
        return Some(invitation.verifier);
    }
    (membership.root().id() == signer).then(|| *membership.root())
}

impl From<SyncRequest> for SyncWork {
    fn from(request: SyncRequest) -> Self {
        let entries = request.entries.into_iter().map(|blob| {
            let entry = Entry::from_bytes(&blob.0).ok();
            (blob.0, entry)
        });
        let grants = request.grants.into_iter().map(|blob| {
            let grant = Grant::from_bytes(&blob.0).ok()?;
            Some(PreparedGrant {
                grant,
                hash: tagged_hash(Tag::Grant, &[&blob.0]),
                bytes: blob.0,
                verified: false,
            })
        });
        let envelopes = request.envelopes.into_iter().map(|blob| {
            let (_, header) = EnvelopeBytes::parse(&blob.0).ok()?;
            Some(PreparedEnvelope {
                header,
                hash: envelope_hash(&blob.0),
                bytes: blob.0,
                verified: false,
            })
        });
        let marks = request.marks.into_iter().map(|mark| PreparedMark {
            mark,
            verified: false,
        });
        Self {
            instance: request.instance,
            cursor: request.cursor,
            log_len: request.log_len,
            entries: entries.collect(),
            grants: grants.collect(),
            envelopes: envelopes.collect(),
            marks: marks.collect(),
            fetch: request.fetch,
            returning: request.returning,
        }
    }
}

impl SyncWork {
    fn check(&mut self, signer: DeviceId, membership: &Membership) {
        let key = |device: DeviceId| {
            membership
                .devices()
                .get(&device)
                .map(|state| state.verifier)
        };
        for grant in self.grants.iter_mut().flatten() {
            grant.check(key(grant.grant.issuer));
        }
        for envelope in self.envelopes.iter_mut().flatten() {
            if envelope.header.device != signer {
                envelope.check(key(envelope.header.device));
            }
        }
        for mark in &mut self.marks {
            mark.check(key(mark.mark.device));
        }
    }
}

impl PreparedGrant {
    /// Whether the issuer's signature holds.
    pub(super) fn check(&mut self, key: Option<PublicKey>) -> bool {
        self.verified = self.verified || key.is_some_and(|key| self.grant.verify(&key).is_ok());
        self.verified
    }
}

impl PreparedEnvelope {
    /// Whether the author's signature holds.
    pub(super) fn check(&mut self, key: Option<PublicKey>) -> bool {
        self.verified = self.verified
            || key.is_some_and(|key| {
                Envelope::from_bytes(&self.bytes)
                    .is_ok_and(|envelope| envelope.verify(&key).is_ok())
            });
        self.verified
    }
}

impl PreparedMark {
    /// Whether the device's signature holds.
    pub(super) fn check(&mut self, key: Option<PublicKey>) -> bool {
        self.verified = self.verified || key.is_some_and(|key| self.mark.verify(&key).is_ok());
        self.verified
    }
}
