//! Who is not looked at, and what is too much: floods of strangers, guessed tokens, logs and grants
//! without end. What a member's request costs is bounded where its nonce is taken.

use folge_protocol::ids::WorkspaceId;
use folge_protocol::membership::Body;
use folge_protocol::wire::{Refusal, RefusalCode, Refused, RelayError};

use super::prepare::{Prepared, Work};
use super::stage::Failure;
use super::{Answer, FoundingPolicy, Relay, busy};
use crate::storage::{Storage, StorageError};

impl<S: Storage> Relay<S> {
    /// Judges what only members may ask. Strangers are counted by workspace, and past the limit
    /// not looked at, so that nobody guesses invitations or keeps the writer busy; members are
    /// judged all the same.
    pub(super) fn judge_member(
        &mut self,
        request: Prepared,
        now_ms: u64,
        begun: &mut bool,
    ) -> Result<Answer, Failure> {
        let id = request.workspace();
        let here = self.load(id)?;
        let is_member = self
            .workspaces
            .get(&id)
            .is_some_and(|workspace| request.names_member(&workspace.membership));
        let limits = &self.settings.limits;
        let (key, per_minute) = if here {
            (Some(id), limits.workspace_strangers_per_minute)
        } else {
            (None, limits.unknown_workspaces_per_minute)
        };
        let strangers = &mut self.rates.strangers;
        if !is_member && let Err(wait) = strangers.check(key, per_minute.into(), now_ms) {
            return Err(busy(wait).into());
        }
        let judged = match request.work {
            Work::Live(_) => self.judge_live(request, now_ms),
            _ => self.judge_within_bounds(request, now_ms, begun),
        };
        // One that was put out is told so, and is a stranger otherwise.
        let strange = match &judged {
            Err(Failure::Refused(RelayError::Unauthorized | RelayError::UnknownWorkspace)) => true,
            Ok(Answer::Synced(staged)) => staged.is_for_former(),
            _ => false,
        };
        if !is_member && strange {
            let strangers = &mut self.rates.strangers;
            strangers.charge(key, 1, per_minute.into(), now_ms);
        }
        judged
    }

    /// Whether a founding request has the token, where one is needed. Past the limit none is
    /// judged, the right one neither: else a guess would still show.
    pub(super) fn admit_founding(
        &mut self,
        request: &Prepared,
        token: &[u8],
        now_ms: u64,
    ) -> Result<(), RelayError> {
        let per_hour = self.settings.limits.founding_failures_per_hour.into();
        if matches!(self.settings.founding, FoundingPolicy::Token(_))
            && let Err(wait) = self.rates.foundings.check((), per_hour, now_ms)
        {
            let signed = &request.signed;
            self.replay.forget(signed.signer, signed.nonce);
            return Err(busy(wait));
        }
        if self.settings.founding.admits(token) {
            return Ok(());
        }
        self.rates.foundings.charge((), 1, per_hour, now_ms);
        Err(RelayError::FoundingClosed)
    }

    fn judge_within_bounds(
        &mut self,
        mut request: Prepared,
        now_ms: u64,
        begun: &mut bool,
    ) -> Result<Answer, Failure> {
        let id = request.workspace();
        let mut cut = self.cut_entries(&mut request);
        cut.extend(self.cut_grants(&mut request)?);
        let grants = match &request.work {
            Work::Sync(work) => work.grants.len() as u64,
            _ => 0,
        };
        let mut answer = self.judge_sync(request, now_ms, begun)?;
        if let Answer::Synced(staged) = &mut answer {
            let is_entry = |refusal: &Refusal| matches!(refusal.what, Refused::Entry(_));
            // A refused entry stands for all after it.
            if staged.refusals.iter().any(is_entry) {
                cut.retain(|refusal| !is_entry(refusal));
            }
            let is_grant = |refusal: &&Refusal| matches!(refusal.what, Refused::Grant(_));
            let refused = staged.refusals.iter().filter(is_grant).count() as u64;
            if let Some(count) = self.grant_counts.get_mut(&id) {
                *count = count.saturating_add(grants.saturating_sub(refused));
            }
            staged.refusals.extend(cut);
        }
        Ok(answer)
    }

    /// Takes out of a request the entries that would let a log grow beyond its limit.
    fn cut_entries(&self, request: &mut Prepared) -> Vec<Refusal> {
        let most = self.settings.limits.workspace_entries_max;
        let Some(workspace) = self.workspaces.get(&request.workspace()) else {
            return Vec::new();
        };
        let Work::Sync(work) = &mut request.work else {
            return Vec::new();
        };
        let full_from = most.max(workspace.membership.len());
        let place = work.entries.iter().position(|(_, entry)| {
            entry
                .as_ref()
                .is_some_and(|entry| entry.index >= full_from && lets_in(&entry.body))
        });
        let Some(place) = place else {
            return Vec::new();
        };
        work.entries.truncate(place);
        vec![Refusal {
            what: Refused::Entry(index(place)),
            code: RefusalCode::Quota,
        }]
    }

    /// Takes out of a request the grants that are beyond the workspace's limit.
    fn cut_grants(&mut self, request: &mut Prepared) -> Result<Vec<Refusal>, StorageError> {
        let id = request.workspace();
        let most = self.settings.limits.workspace_grants_max;
        let wanted = match &request.work {
            Work::Sync(work) if !work.grants.is_empty() => work.grants.len(),
            _ => return Ok(Vec::new()),
        };
        let room = |count: u64| usize::try_from(most.saturating_sub(count)).unwrap_or(usize::MAX);
        let known = self.grant_counts.get(&id).map(|count| room(*count));
        let room = match known {
            Some(room) if room >= wanted => room,
            _ => match self.count_grants(id)? {
                Some(count) => room(count),
                None => return Ok(Vec::new()),
            },
        };
        let Work::Sync(work) = &mut request.work else {
            return Ok(Vec::new());
        };
        work.grants.truncate(room);
        let refused = (room..wanted).map(|place| Refusal {
            what: Refused::Grant(index(place)),
            code: RefusalCode::Quota,
        });
        Ok(refused.collect())
    }

    fn count_grants(&mut self, id: WorkspaceId) -> Result<Option<u64>, StorageError> {
        let Some(workspace) = self.workspaces.get(&id) else {
            return Ok(None);
        };
        let count = self.storage.grant_count(workspace.row.key)?;
        self.grant_counts.insert(id, count);
        Ok(Some(count))
    }
}

/// Whether an entry makes a workspace larger. What shuts out, turns epochs or changes readers is
/// taken however long the log is.
const fn lets_in(body: &Body) -> bool {
    matches!(
        body,
        Body::PersonAdded { .. }
            | Body::DeviceAdded { .. }
            | Body::Invited { .. }
            | Body::DocumentsAdded { .. }
    )
}

fn index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
