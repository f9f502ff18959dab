import Foundation

@testable import Folge

/// Tells the story of `story/story.json` (its README says what each step means). What is not known
/// here fails.
final class Story {
    private let folder: TemporaryFolder
    private let relay: RelayProcess
    private var clients: [String: Folge] = [:]
    private var keys: [String: KeyStore] = [:]
    private(set) var told = 0
    /// What steps kept under a name.
    var kept: [String: String] = [:]

    init() throws {
        folder = try TemporaryFolder()
        relay = try RelayProcess(data: folder.path("relay"))
    }

    /// Tells a step; `StoryFailure` where it does not end as it says.
    func tell(_ step: [String: Json]) async throws {
        told += 1
        let fields = Fields(step)
        let kind = try fields.text("do")
        let expected = try fields.textIfGiven("error")
        do {
            try await act(kind, fields)
        } catch let error as FolgeError {
            guard let expected else { throw StoryFailure("failed with \(error.code)") }
            try same("error", error.code, expected)
            if case .Invalid(_, let field) = error, let named = try fields.textIfGiven("field") {
                try same("field", field, named)
            }
            return
        }
        if let expected { throw StoryFailure("did not fail with \(expected)") }
        if !fields.unread.isEmpty {
            throw StoryFailure("does not know the fields \(fields.unread)")
        }
    }

    func same<Value: Equatable>(_ what: String, _ is: Value, _ expected: Value) throws {
        if `is` != expected { throw StoryFailure("\(what) is \(`is`), not \(expected)") }
    }

    func recall(_ name: String) throws -> String {
        guard let value = kept[name] else { throw StoryFailure("nothing was kept as \(name)") }
        return value
    }

    /// The device that does the step; its client is made with its first one.
    func client(_ step: Fields) throws -> Folge { try client(of: step.text("on")) }

    func client(of device: String) throws -> Folge {
        if let client = clients[device] { return client }
        let store = keys[device] ?? memoryKeyStore()
        keys[device] = store
        let settings = FolgeSettings(folder: folder.path(device), testMode: true)
        let client = try Folge(settings: settings, keys: store)
        clients[device] = client
        return client
    }

    private func act(_ kind: String, _ step: Fields) async throws {
        switch kind {
        case "relay":
            switch try step.text("is") {
            case "up": try relay.up()
            case "down": relay.down()
            case let other: throw StoryFailure("a relay is never \(other)")
            }
        case "crash":
            let device = try step.text("on")
            clients[device] = nil
            _ = try client(of: device)
        default:
            let folge = try client(step)
            for part in [open, office, consultant, participant, attendance, look]
            where try await part(kind, step, folge) {
                return
            }
            throw StoryFailure("does not know \(kind)")
        }
    }

    private func opening(_ step: Fields) throws -> UnlockWith {
        try step.textIfGiven("passphrase").map { .passphrase(text: $0) } ?? .platformKey
    }

    private func open(_ kind: String, _ step: Fields, _ folge: Folge) async throws -> Bool {
        switch kind {
        case "found":
            _ = try await folge.found(relayUrl: relay.url, foundingToken: "", with: .platformKey)
        case "join":
            try await folge.join(link: recall(step.text("link")), with: opening(step))
        case "state":
            try await same("state", folge.state(), step.word("is"))
        case "lock":
            try await folge.lock()
        case "unlock":
            try await folge.unlock(with: opening(step))
        case "change_unlock":
            let then = try step.textIfGiven("to").map { UnlockWith.passphrase(text: $0) }
            try await folge.changeUnlock(now: opening(step), then: then ?? .platformKey)
        case "sync":
            try await folge.sync()
        default:
            return false
        }
        return true
    }

    private func office(_ kind: String, _ step: Fields, _ folge: Folge) async throws -> Bool {
        switch kind {
        case "put_agreement":
            let name = try step.text("built_in")
            guard let terms = builtInTerms().first(where: { $0.name == name }) else {
                throw StoryFailure("no terms \(name)")
            }
            try await folge.putAgreement(
                agreement: step.text("agreement"), from: Day(iso: step.text("from")),
                termsToml: terms.toml + (step.textIfGiven("append") ?? ""))
        case "name_member":
            let person = try await client(of: step.text("device")).me().person
            try await folge.nameMember(staff: step.text("staff"), person: person)
        case "put_register":
            try await putRegister(step, folge)
        case "invite":
            let invitation = try await folge.invite(role: step.word("role"), validHours: 72)
            kept[try step.text("as")] = invitation.link
        case "create_case":
            let participation = try participation(step.object("participation"))
            var assigned: [PersonName] = []
            for device in try step.texts("assigned") {
                assigned.append(try await client(of: device).me().person)
            }
            kept[try step.text("as")] = try await folge.createParticipation(
                participation: participation, consultants: assigned)
        case "claim":
            let claim = try await folge.claim(
                agreement: step.text("agreement"), month: Month(iso: step.text("month")))
            try same("amount", claim.amountOre, Int64(step.number("amount_ore")))
        default:
            return false
        }
        return true
    }

    private func putRegister(_ step: Fields, _ folge: Folge) async throws {
        let provider = try step.object("provider")
        let employers = try step.objects("employers").map { employer in
            Employer(
                key: try employer.text("key"), name: try employer.text("name"),
                municipality: try employer.textIfGiven("municipality"))
        }
        var staff: [StaffMember] = []
        for member in try step.objects("staff") {
            var person: PersonName?
            if let device = try member.textIfGiven("device") {
                person = try await client(of: device).me().person
            }
            staff.append(
                StaffMember(
                    key: try member.text("key"), name: try member.text("name"), person: person,
                    positionPercent: Int32(try member.number("position_percent"))))
        }
        try await folge.putRegister(
            provider: Provider(name: provider.text("name"), orgNumber: provider.text("org_number")),
            employers: employers, staff: staff)
    }

    private func participation(_ given: Fields) throws -> Participation {
        Participation(
            reference: try given.text("reference"), firstName: try given.text("first_name"),
            lastName: try given.text("last_name"), area: try given.textIfGiven("area"),
            ordered: try given.textIfGiven("ordered").map(Day.init(iso:)),
            start: try given.textIfGiven("start").map(Day.init(iso:)),
            end: try given.textIfGiven("end").map(Day.init(iso:)),
            agreement: try given.textIfGiven("agreement"),
            consultant: try given.textIfGiven("consultant"), status: try given.word("status"))
    }

    private func consultant(_ kind: String, _ step: Fields, _ folge: Folge) async throws -> Bool {
        switch kind {
        case "record_visit":
            let start = try step.time("start")
            let visit = Visit(
                id: newRecordName(), start: start,
                end: start.addingTimeInterval(TimeInterval(try step.number("minutes") * 60)),
                form: try step.word("form"), with: try step.word("with"),
                consultants: [try await ownKey(folge)], outcome: try outcome(step.text("outcome")),
                note: try step.textIfGiven("note") ?? "")
            let participation = try recall(step.text("case"))
            if let minutes = try step.numberIfGiven("trip_minutes") {
                let trip = try await trip(minutes, [visit.id], folge)
                kept[try step.text("as") + Story.trip] = trip.id
                try await folge.recordEach(records: [
                    RecordOfCase(participation: participation, record: .ofVisit(visit: visit)),
                    RecordOfCase(participation: participation, record: .ofTrip(trip: trip)),
                ])
            } else {
                try await folge.record(
                    participation: participation, record: .ofVisit(visit: visit),
                    reason: step.textIfGiven("reason"))
            }
            kept[try step.text("as")] = visit.id
        case "take_back":
            let participation = try recall(step.text("case"))
            let visit = try step.text("visit")
            let both: [RecordRef] = [
                .visit(id: try recall(visit)), .trip(id: try recall(visit + Story.trip)),
            ]
            try await folge.voidEach(
                records: both.map { RefOfCase(participation: participation, record: $0) },
                reason: step.text("reason"))
        case "amend_visit":
            var visit = try await visitOnPage(step, folge).visit
            if let minutes = try step.numberIfGiven("minutes") {
                visit.end = visit.start.addingTimeInterval(TimeInterval(minutes * 60))
            }
            if let note = try step.textIfGiven("note") { visit.note = note }
            try await folge.amend(
                participation: recall(step.text("case")), record: .ofVisit(visit: visit),
                reason: step.textIfGiven("reason"))
        case "void_visit":
            try await folge.voidRecord(
                participation: recall(step.text("case")),
                record: .visit(id: recall(step.text("visit"))), reason: step.text("reason"))
        case "record_trip":
            let visits = try step.texts("visits").map(recall)
            let trip = try await trip(step.number("minutes"), visits, folge)
            try await folge.record(
                participation: recall(step.text("case")), record: .ofTrip(trip: trip))
            kept[try step.text("as")] = trip.id
        case "record_contact":
            let contact = ContactAttempt(
                id: newRecordName(), at: try step.time("at"), channel: try step.word("channel"),
                reached: try step.bool("reached"), consultant: try await ownKey(folge),
                note: try step.text("note"))
            try await folge.record(
                participation: recall(step.text("case")), record: .ofContact(contact: contact))
            kept[try step.text("as")] = contact.id
        case "start_timer":
            kept[try step.text("as")] = try await folge.startTimer(
                kind: step.word("kind"), participations: [recall(step.text("case"))])
        case "stop_timer":
            let timer = try recall(step.text("timer"))
            let stopped = try await folge.stopTimer(timer: timer)
            if try await folge.stopTimer(timer: timer) != stopped {
                throw StoryFailure("stopped again, it gives something else")
            }
            try await folge.clearTimer(timer: timer)
        case "invite_participant":
            let invitation = try await folge.inviteParticipant(
                participation: recall(step.text("case")), validHours: 72)
            kept[try step.text("as")] = invitation.link
        case "show_visit":
            _ = try await folge.showVisit(
                participation: recall(step.text("case")), visit: recall(step.text("visit")))
        default:
            return false
        }
        return true
    }

    /// What is put behind a visit's name for the travel that was recorded with it.
    private static let trip = "-trip"

    private func trip(_ minutes: Int, _ visits: [RecordName], _ folge: Folge) async throws -> Trip {
        Trip(
            id: newRecordName(), consultant: try await ownKey(folge), minutes: Int32(minutes),
            visits: visits, meetings: Int32(visits.count))
    }

    private func participant(_ kind: String, _ step: Fields, _ folge: Folge) async throws -> Bool {
        switch kind {
        case "cards":
            try await same("cards", cards(folge).count, step.number("count"))
        case "confirm":
            let cards = try await cards(folge)
            let number = try step.number("card")
            guard cards.indices.contains(number) else { throw StoryFailure("no card \(number)") }
            _ = try await folge.confirm(
                thread: ownThread(folge), visit: cards[number].visit, digest: cards[number].digest,
                verdict: verdict(step["verdict"]))
        case "comment":
            _ = try await folge.comment(thread: ownThread(folge), text: step.text("text"))
        default:
            return false
        }
        return true
    }

    private func look(_ kind: String, _ step: Fields, _ folge: Folge) async throws -> Bool {
        switch kind {
        case "caseload":
            try await same("caseload", folge.caseload().count, step.number("count"))
        case "timers":
            try await same("timers", folge.timers().count, step.number("count"))
        case "day":
            let visits = try await folge.day(day: Day(iso: step.text("day")))
            try same("visits", visits.count, step.number("count"))
        case "week":
            let days = try await folge.week(day: Day(iso: step.text("day")))
            try same("visits", days.map(\.visits.count).reduce(0, +), step.number("count"))
        case "record_state":
            let state = try await folge.recordState(
                participation: recall(step.text("case")),
                record: .visit(id: recall(step.text("visit"))))
            try same("state", state, step.word("is"))
        case "visit":
            let (visit, voided) = try await visitOnPage(step, folge)
            if let minutes = try step.numberIfGiven("minutes") {
                try same("minutes", visit.end.timeIntervalSince(visit.start) / 60, Double(minutes))
            }
            if let note = try step.textIfGiven("note") { try same("note", visit.note, note) }
            if let expected = try step.boolIfGiven("voided") { try same("voided", voided, expected) }
        case "history":
            try await history(step, folge)
        case "conflict":
            try await conflict(step, folge)
        case "settle":
            try await folge.settle(
                participation: recall(step.text("case")),
                record: .visit(id: recall(step.text("visit"))), field: step.text("field"),
                value: step.textIfGiven("value"))
        case "put_draft":
            try await folge.putDraft(
                name: step.text("name"), participation: recall(step.text("case")),
                content: step.text("content"))
        case "drafts":
            let drafts = try await folge.drafts()
            try same("drafts", drafts.count, step.number("count"))
            if let newest = try step.textIfGiven("newest") {
                try same("newest", drafts.first?.content, newest)
            }
        case "drop_draft":
            try await folge.dropDraft(name: step.text("name"))
        case "sums":
            try await same("visits", folge.sums().visits, Int64(step.number("visits")))
        case "hours":
            try await hours(step, folge)
        case "thread":
            let page = try await folge.participation(participation: recall(step.text("case")))
            guard let thread = page.participation?.thread else { throw StoryFailure("no thread") }
            let comments = try await folge.thread(thread: thread).filter { line in
                if case .comment = line.body { true } else { false }
            }
            try same("comments", comments.count, step.number("comments"))
        case "evidence":
            try await evidence(step, folge)
        case "deadlines":
            let open = try await folge.deadlines(onlyMine: step.bool("only_mine"))
            try atLeast("deadlines", open.count, step.number("at_least"))
        case "draft":
            let draft = try await folge.reportDraft(
                participation: recall(step.text("case")), kind: step.word("kind"))
            try same("complete", draft.complete, step.bool("complete"))
        case "archive":
            let files = try await folge.archive(participation: recall(step.text("case")))
            try atLeast("files", files.count, step.number("at_least"))
        case "quarantine":
            try await same("quarantine", folge.quarantine().count, step.number("count"))
        case "verify":
            try await same("faults", folge.verifyEverything().faults, 0)
        default:
            return false
        }
        return true
    }

    private func history(_ step: Fields, _ folge: Folge) async throws {
        let record = RecordRef.visit(id: try recall(step.text("visit")))
        let all = try await folge.history(participation: recall(step.text("case")))
        let field = try step.text("field")
        let changes = all.filter { $0.record == record }.flatMap(\.changes)
        guard let change = changes.last(where: { $0.field == field }), let new = change.new else {
            throw StoryFailure("no change of \(field)")
        }
        try same("record_words", recordWords(record: record).nb, step.text("record_words"))
        let words = try fieldWords(record: record, field: field)
        try same("field_words", words?.nb, step.text("field_words"))
        let value = try valueWords(record: record, field: field, value: new)
        try same("new_words", value.nb, step.text("new_words"))
    }

    private func conflict(_ step: Fields, _ folge: Folge) async throws {
        let record = RecordRef.visit(id: try recall(step.text("visit")))
        let field = try step.text("field")
        let found = try await folge.conflicts(
            participation: recall(step.text("case")), record: record)
        let values = found.first { $0.field == field }?.values ?? []
        try same("values", values.count, step.number("values"))
        if let words = try step.textIfGiven("field_words") {
            try same("field_words", fieldWords(record: record, field: field)?.nb, words)
        }
    }

    private func hours(_ step: Fields, _ folge: Folge) async throws {
        let month = try Month(iso: step.text("month"))
        let participation = try recall(step.text("case"))
        let hours = try await folge.hours(participation: participation)
        let listed = try await folge.hoursOfAll().first { $0.participation == participation }
        try same("the list of all", listed?.hours, hours)
        guard case .billed(let months) = hours else { throw StoryFailure("no billed hours") }
        let quarters =
            months.first { $0.month == month }?.quarters
            ?? Quarters(followUp: 0, noShow: 0, travel: 0, report: 0)
        try same("follow_up", quarters.followUp, Int64(step.number("follow_up")))
        try same("no_show", quarters.noShow, Int64(step.number("no_show")))
        try same("travel", quarters.travel, Int64(step.number("travel")))
    }

    private func evidence(_ step: Fields, _ folge: Folge) async throws {
        let visit = try recall(step.text("visit"))
        let all = try await folge.evidence(participation: recall(step.text("case")))
        guard let evidence = all.first(where: { $0.visit == visit }) else {
            throw StoryFailure("no evidence of it")
        }
        try same("grade", evidence.grade, step.word("grade"))
        let listed = try await folge.evidenceForLists(participation: recall(step.text("case")))
        try same("a list", listed.first { $0.visit == visit }?.grade, evidence.grade)
        try same("carries_a_claim", evidence.carriesAClaim, step.bool("carries_a_claim"))
        if let disputed = try step.boolIfGiven("disputed") {
            try same("disputed", evidence.disputed, disputed)
        }
    }

    private func atLeast(_ what: String, _ count: Int, _ least: Int) throws {
        if count < least { throw StoryFailure("\(count) \(what), not \(least) or more") }
    }

    private func ownKey(_ folge: Folge) async throws -> StaffName {
        guard let key = try await folge.me().staff else { throw StoryFailure("not in the register") }
        return key
    }

    private func ownThread(_ folge: Folge) async throws -> ThreadId {
        guard let thread = try await folge.ownThreads().first else {
            throw StoryFailure("no thread")
        }
        return thread
    }

    private func cards(_ folge: Folge) async throws -> [VisitCard] {
        try await folge.thread(thread: ownThread(folge)).compactMap { line in
            if case .card(let card) = line.body { card } else { nil }
        }
    }

    private func visitOnPage(_ step: Fields, _ folge: Folge) async throws -> (
        visit: Visit, voided: Bool
    ) {
        let id = try recall(step.text("visit"))
        let page = try await folge.participation(participation: recall(step.text("case")))
        for line in page.records {
            if case .ofVisit(let visit) = line.record, visit.id == id {
                return (visit, line.voided != nil)
            }
        }
        throw StoryFailure("the visit is not on the page")
    }

    private func outcome(_ word: String) throws -> Outcome {
        switch word {
        case "planned": .planned
        case "attended": .attended
        case "no_show": .noShow
        case "moved": .moved
        default: throw StoryFailure("no outcome \(word)")
        }
    }

    func verdict(_ given: Json?) throws -> Verdict {
        switch given {
        case .text("yes"): .yes
        case .text("no"): .no
        case .object(let fields): .wrong(words: try Fields(fields).text("wrong"))
        default: throw StoryFailure("no verdict")
        }
    }
}
