use crate::codec::{Decode, DecodeError, Encode, Reader, Writer};
use crate::crypto::{BadSignature, PublicKey, SUITE_1, SecretKey, Tag, key_id, tagged_hash};
use crate::envelope::expect_version_and_suite;
use crate::ids::{DeviceId, DocumentId, GroupId, Hash, InvitationId, PersonId, WorkspaceId};
use crate::limits::{ENTRY_DOCUMENTS_MAX, ENTRY_KEPT_MAX, READERS_MAX};

/// Version byte of the entry layout.
pub const ENTRY_VERSION: u8 = 1;

/// What a person may do. NAV's names where NAV has them (DOMAIN.md 1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Lets people and devices in and out; in the office.
    Administrator,
    /// *Koordinator*: sees all participations and assigns consultants; in the office.
    Coordinator,
    /// *Veileder*: records for the assigned participations.
    Consultant,
    /// Reads everything in the office, writes nothing.
    Auditor,
    /// *Deltaker*: has one thread.
    Participant,
}

impl Role {
    /// Whether the role belongs to the office, whose key opens every ordinary document.
    #[must_use]
    pub const fn is_office(self) -> bool {
        matches!(
            self,
            Self::Administrator | Self::Coordinator | Self::Auditor
        )
    }
    /// Whether the role is the provider's own staff.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Participant)
    }
    /// Whether the role lets in persons of another: administrators everybody; who works with
    /// participants those.
    pub(super) const fn admits(self, role: Self) -> bool {
        match self {
            Self::Administrator => true,
            Self::Coordinator | Self::Consultant => matches!(role, Self::Participant),
            Self::Auditor | Self::Participant => false,
        }
    }
    /// Whether the role writes documents of a kind that it reads; `own` where the person is among
    /// the readers by name.
    pub(super) const fn writes(self, kind: DocumentKind, own: bool) -> bool {
        match (kind, self) {
            (DocumentKind::Journal, role) => role.is_staff() && own,
            (_, Self::Administrator | Self::Coordinator) => true,
            (_, Self::Auditor) | (DocumentKind::Register, _) => false,
            (_, Self::Consultant) => true,
            (kind, Self::Participant) => matches!(kind, DocumentKind::Thread),
        }
    }
    const fn code(self) -> u8 {
        match self {
            Self::Administrator => 1,
            Self::Coordinator => 2,
            Self::Consultant => 3,
            Self::Auditor => 4,
            Self::Participant => 5,
        }
    }
}

impl Encode for Role {
    fn encode(&self, out: &mut Writer) {
        out.u8(self.code());
    }
}

impl Decode for Role {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            1 => Self::Administrator,
            2 => Self::Coordinator,
            3 => Self::Consultant,
            4 => Self::Auditor,
            5 => Self::Participant,
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocumentKind {
    /// Agreements, staff, employers, code lists: staff read, the office writes.
    Register,
    /// One participation's records.
    Casefile,
    /// What is shown to one participant and what comes back.
    Thread,
    /// What one member of staff opened, exported and decided: only its person adds to it.
    Journal,
}

impl Encode for DocumentKind {
    fn encode(&self, out: &mut Writer) {
        out.u8(match self {
            Self::Register => 1,
            Self::Casefile => 2,
            Self::Thread => 3,
            Self::Journal => 4,
        });
    }
}

impl Decode for DocumentKind {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            1 => Self::Register,
            2 => Self::Casefile,
            3 => Self::Thread,
            4 => Self::Journal,
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

/// A device's two public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceKeys {
    /// Ed25519: checks what the device signs.
    pub sign: [u8; 32],
    /// X25519: grants to the device are sealed to it.
    pub kem: [u8; 32],
}

impl DeviceKeys {
    /// The device's identifier.
    #[must_use]
    pub fn id(&self) -> DeviceId {
        DeviceId(key_id(&self.sign))
    }
}

impl Encode for DeviceKeys {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.sign);
        out.raw(&self.kem);
    }
}

impl Decode for DeviceKeys {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            sign: input.array()?,
            kem: input.array()?,
        })
    }
}

/// Why a document was erased. A code only: a reason in words would outlive what it speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErasureReason {
    /// Twelve weeks after the final report was delivered (REQUIREMENTS.md K24).
    Retention,
    /// The participant asked for it (GDPR article 17), and NAV agreed.
    Request,
    /// The agreement ended (K17).
    AgreementEnded,
    /// It was made by mistake.
    Mistake,
    /// NAV told the provider to.
    Instruction,
}

impl ErasureReason {
    const ALL: [Self; 5] = [
        Self::Retention,
        Self::Request,
        Self::AgreementEnded,
        Self::Mistake,
        Self::Instruction,
    ];
    const fn code(self) -> u8 {
        match self {
            Self::Retention => 1,
            Self::Request => 2,
            Self::AgreementEnded => 3,
            Self::Mistake => 4,
            Self::Instruction => 5,
        }
    }
}

impl Encode for ErasureReason {
    fn encode(&self, out: &mut Writer) {
        out.u8(self.code());
    }
}

impl Decode for ErasureReason {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let code = input.u8()?;
        Self::ALL
            .into_iter()
            .find(|known| known.code() == code)
            .ok_or(DecodeError::UnknownTag(code))
    }
}

/// How far what a device wrote in a document stands, should the device be put out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The device.
    pub device: DeviceId,
    /// The document.
    pub document: DocumentId,
    /// The last sequence that stands.
    pub sequence: u64,
}

impl Encode for Kept {
    fn encode(&self, out: &mut Writer) {
        self.device.encode(out);
        self.document.encode(out);
        out.u64(self.sequence);
    }
}

impl Decode for Kept {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            device: Decode::decode(input)?,
            document: Decode::decode(input)?,
            sequence: input.u64()?,
        })
    }
}

/// A new document: its readers and the commitment of its first key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentEntry {
    /// The document.
    pub document: DocumentId,
    /// What it is.
    pub kind: DocumentKind,
    /// Commits to the key of generation 0.
    pub commitment: Hash,
    /// The groups that may read it. All staff read the register besides.
    pub readers: Vec<GroupId>,
}

impl Encode for DocumentEntry {
    fn encode(&self, out: &mut Writer) {
        self.document.encode(out);
        self.kind.encode(out);
        self.commitment.encode(out);
        out.list(&self.readers);
    }
}

impl Decode for DocumentEntry {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            document: Decode::decode(input)?,
            kind: Decode::decode(input)?,
            commitment: Decode::decode(input)?,
            readers: input.list(READERS_MAX)?,
        })
    }
}

/// Who signed an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The workspace's root key: founding and recovery.
    Root,
    /// A device of a member.
    Device(DeviceId),
    /// An invitation's one-time key, which lets in one device.
    Invitation(InvitationId),
}

impl Encode for Author {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Root => out.u8(1),
            Self::Device(id) => {
                out.u8(2);
                id.encode(out);
            }
            Self::Invitation(id) => {
                out.u8(3);
                id.encode(out);
            }
        }
    }
}

impl Decode for Author {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            1 => Self::Root,
            2 => Self::Device(Decode::decode(input)?),
            3 => Self::Invitation(Decode::decode(input)?),
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

/// The first entry's content: the root key, the first administrator and device, office, register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founding {
    /// Ed25519 root key; its hash is the workspace's id.
    pub root: [u8; 32],
    /// X25519 key of the offline recovery words.
    pub recovery: [u8; 32],
    /// The office's group.
    pub office: GroupId,
    /// The office's key of epoch 0.
    pub office_key: [u8; 32],
    /// The founder, an administrator.
    pub person: PersonId,
    /// The founder's group key of epoch 0.
    pub person_key: [u8; 32],
    /// The founder's device.
    pub device: DeviceKeys,
    /// The register, with its readers and commitment.
    pub register: DocumentEntry,
}

impl Encode for Founding {
    fn encode(&self, out: &mut Writer) {
        out.raw(&self.root);
        out.raw(&self.recovery);
        self.office.encode(out);
        out.raw(&self.office_key);
        self.person.encode(out);
        out.raw(&self.person_key);
        self.device.encode(out);
        self.register.encode(out);
    }
}

impl Decode for Founding {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            root: input.array()?,
            recovery: input.array()?,
            office: Decode::decode(input)?,
            office_key: input.array()?,
            person: Decode::decode(input)?,
            person_key: input.array()?,
            device: Decode::decode(input)?,
            register: Decode::decode(input)?,
        })
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The first entry.
    Founded(Box<Founding>),
    /// A person comes in.
    PersonAdded {
        /// The person.
        person: PersonId,
        /// The role.
        role: Role,
        /// The person's group key of epoch 0.
        key: [u8; 32],
    },
    /// A device of a person comes in.
    DeviceAdded {
        /// Whose it is.
        person: PersonId,
        /// Its keys.
        keys: DeviceKeys,
    },
    /// A group's epoch turns.
    EpochTurned {
        /// The group.
        group: GroupId,
        /// The new epoch: one more than the last.
        epoch: u32,
        /// The group's key of that epoch.
        key: [u8; 32],
        /// All that earlier epochs open is granted anew, and their secrets are destroyed: what
        /// was erased cannot be opened with this group's keys any more.
        severs: bool,
    },
    /// One device may be let in by whoever holds the invitation's secret.
    Invited {
        /// The one-time keys; the invitation's id is the signing key's.
        keys: DeviceKeys,
        /// For whom.
        person: PersonId,
        /// Until when, in milliseconds since 1970 (UTC).
        expires_ms: u64,
    },
    /// An invitation is withdrawn.
    InvitationRevoked {
        /// Which.
        invitation: InvitationId,
    },
    /// A device is put out.
    DeviceRevoked {
        /// Which.
        device: DeviceId,
    },
    /// A person is put out, with every device.
    PersonRevoked {
        /// Who.
        person: PersonId,
    },
    /// A person's role changes.
    RoleChanged {
        /// Who.
        person: PersonId,
        /// The new role.
        role: Role,
    },
    /// Documents are made.
    DocumentsAdded {
        /// Which.
        documents: Vec<DocumentEntry>,
    },
    /// A document's readers change (assignment).
    ReadersChanged {
        /// Which document.
        document: DocumentId,
        /// All its readers from now on.
        readers: Vec<GroupId>,
    },
    /// A document gets a new key.
    GenerationTurned {
        /// Which document.
        document: DocumentId,
        /// The new generation: one more than the last.
        generation: u32,
        /// Commits to the new key.
        commitment: Hash,
    },
    /// A document is erased.
    Erased {
        /// Which.
        document: DocumentId,
        /// Why.
        reason: ErasureReason,
    },
    /// What devices wrote stands up to here, also when they are put out.
    Vouched {
        /// Devices, documents, sequences.
        kept: Vec<Kept>,
    },
    /// The author's device holds nothing any more of what was erased.
    ErasureConfirmed {
        /// Erased by entries before this index.
        upto: u64,
    },
}

impl Body {
    /// A stable code for what the entry does, for lists and files.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Founded(_) => "founded",
            Self::PersonAdded { .. } => "person_added",
            Self::DeviceAdded { .. } => "device_added",
            Self::EpochTurned { .. } => "epoch_turned",
            Self::Invited { .. } => "invited",
            Self::InvitationRevoked { .. } => "invitation_revoked",
            Self::DeviceRevoked { .. } => "device_revoked",
            Self::PersonRevoked { .. } => "person_revoked",
            Self::RoleChanged { .. } => "role_changed",
            Self::DocumentsAdded { .. } => "documents_added",
            Self::ReadersChanged { .. } => "readers_changed",
            Self::GenerationTurned { .. } => "generation_turned",
            Self::Erased { .. } => "erased",
            Self::Vouched { .. } => "vouched",
            Self::ErasureConfirmed { .. } => "erasure_confirmed",
        }
    }
}

impl Encode for Body {
    fn encode(&self, out: &mut Writer) {
        match self {
            Self::Founded(founding) => {
                out.u8(1);
                founding.encode(out);
            }
            Self::PersonAdded { person, role, key } => {
                out.u8(2);
                person.encode(out);
                role.encode(out);
                out.raw(key);
            }
            Self::DeviceAdded { person, keys } => {
                out.u8(3);
                person.encode(out);
                keys.encode(out);
            }
            Self::EpochTurned {
                group,
                epoch,
                key,
                severs,
            } => {
                out.u8(4);
                group.encode(out);
                out.u32(*epoch);
                out.raw(key);
                out.u8(u8::from(*severs));
            }
            Self::Invited {
                keys,
                person,
                expires_ms,
            } => {
                out.u8(5);
                keys.encode(out);
                person.encode(out);
                out.u64(*expires_ms);
            }
            Self::InvitationRevoked { invitation } => {
                out.u8(6);
                invitation.encode(out);
            }
            Self::DeviceRevoked { device } => {
                out.u8(7);
                device.encode(out);
            }
            Self::PersonRevoked { person } => {
                out.u8(8);
                person.encode(out);
            }
            Self::RoleChanged { person, role } => {
                out.u8(9);
                person.encode(out);
                role.encode(out);
            }
            Self::DocumentsAdded { documents } => {
                out.u8(10);
                out.list(documents);
            }
            Self::ReadersChanged { document, readers } => {
                out.u8(11);
                document.encode(out);
                out.list(readers);
            }
            Self::GenerationTurned {
                document,
                generation,
                commitment,
            } => {
                out.u8(12);
                document.encode(out);
                out.u32(*generation);
                commitment.encode(out);
            }
            Self::Erased { document, reason } => {
                out.u8(13);
                document.encode(out);
                reason.encode(out);
            }
            Self::Vouched { kept } => {
                out.u8(14);
                out.list(kept);
            }
            Self::ErasureConfirmed { upto } => {
                out.u8(15);
                out.u64(*upto);
            }
        }
    }
}

impl Decode for Body {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(match input.u8()? {
            1 => Self::Founded(Box::new(Founding::decode(input)?)),
            2 => Self::PersonAdded {
                person: Decode::decode(input)?,
                role: Decode::decode(input)?,
                key: input.array()?,
            },
            3 => Self::DeviceAdded {
                person: Decode::decode(input)?,
                keys: Decode::decode(input)?,
            },
            4 => Self::EpochTurned {
                group: Decode::decode(input)?,
                epoch: input.u32()?,
                key: input.array()?,
                severs: input.bool()?,
            },
            5 => Self::Invited {
                keys: Decode::decode(input)?,
                person: Decode::decode(input)?,
                expires_ms: input.u64()?,
            },
            6 => Self::InvitationRevoked {
                invitation: Decode::decode(input)?,
            },
            7 => Self::DeviceRevoked {
                device: Decode::decode(input)?,
            },
            8 => Self::PersonRevoked {
                person: Decode::decode(input)?,
            },
            9 => Self::RoleChanged {
                person: Decode::decode(input)?,
                role: Decode::decode(input)?,
            },
            10 => Self::DocumentsAdded {
                documents: input.list(ENTRY_DOCUMENTS_MAX)?,
            },
            11 => Self::ReadersChanged {
                document: Decode::decode(input)?,
                readers: input.list(READERS_MAX)?,
            },
            12 => Self::GenerationTurned {
                document: Decode::decode(input)?,
                generation: input.u32()?,
                commitment: Decode::decode(input)?,
            },
            13 => Self::Erased {
                document: Decode::decode(input)?,
                reason: Decode::decode(input)?,
            },
            14 => Self::Vouched {
                kept: input.list(ENTRY_KEPT_MAX)?,
            },
            15 => Self::ErasureConfirmed { upto: input.u64()? },
            other => return Err(DecodeError::UnknownTag(other)),
        })
    }
}

/// A signed entry of the membership log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The entry's place, from 0.
    pub index: u64,
    /// Hash of the entry before; zero for the first.
    pub previous: Hash,
    /// The author's clock, in milliseconds since 1970 (UTC): a claim, not a proof.
    pub time_ms: u64,
    /// Who signed.
    pub author: Author,
    /// What it says.
    pub body: Body,
    /// The author's signature over everything before it.
    pub signature: [u8; 64],
}

impl Entry {
    /// Signs an entry.
    #[must_use]
    pub fn sign(
        workspace: WorkspaceId,
        index: u64,
        previous: Hash,
        time_ms: u64,
        author: Author,
        body: Body,
        key: &SecretKey,
    ) -> Self {
        let mut entry = Self {
            workspace,
            index,
            previous,
            time_ms,
            author,
            body,
            signature: [0; 64],
        };
        entry.signature = key.sign(&entry.signed_hash());
        entry
    }

    /// Checks the author's signature with the key that the log has for the author.
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), BadSignature> {
        key.verify(&self.signed_hash(), &self.signature)
    }

    /// The hash that the next entry names.
    #[must_use]
    pub fn hash(&self) -> Hash {
        tagged_hash(Tag::EntryHash, &[&self.to_bytes()])
    }

    fn signed_hash(&self) -> Hash {
        let mut out = Writer::new();
        self.encode_unsigned(&mut out);
        tagged_hash(Tag::Entry, &[&out.finish()])
    }

    fn encode_unsigned(&self, out: &mut Writer) {
        out.u8(ENTRY_VERSION);
        out.u8(SUITE_1);
        self.workspace.encode(out);
        out.u64(self.index);
        self.previous.encode(out);
        out.u64(self.time_ms);
        self.author.encode(out);
        self.body.encode(out);
    }
}

impl Encode for Entry {
    fn encode(&self, out: &mut Writer) {
        self.encode_unsigned(out);
        out.raw(&self.signature);
    }
}

impl Decode for Entry {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        expect_version_and_suite(input, ENTRY_VERSION)?;
        Ok(Self {
            workspace: Decode::decode(input)?,
            index: input.u64()?,
            previous: Decode::decode(input)?,
            time_ms: input.u64()?,
            author: Decode::decode(input)?,
            body: Decode::decode(input)?,
            signature: input.array()?,
        })
    }
}
