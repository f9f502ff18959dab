import Foundation

@testable import Folge

/// An office and a consultant with one participation, in sync over a real relay.
final class Team {
    let folder: TemporaryFolder
    let relay: RelayProcess
    let office: Folge
    let consultant: Folge
    let consultantsKeys: KeyStore
    let participation: ParticipationId
    let staff: StaffName = "consultant-1"

    init() async throws {
        folder = try TemporaryFolder()
        relay = try RelayProcess(data: folder.path("relay"))
        office = try Team.client(folder.path("office"))
        consultantsKeys = memoryKeyStore()
        consultant = try Team.client(folder.path("consultant"), keys: consultantsKeys)
        _ = try await office.found(relayUrl: relay.url, foundingToken: "", with: .platformKey)
        let link = try await office.invite(role: .consultant, validHours: 72).link
        try await office.sync()
        try await consultant.join(link: link, with: .platformKey)
        try await consultant.sync()
        try await office.sync()
        let person = try await consultant.me().person
        try await office.putRegister(
            provider: Provider(name: "Fjordveien Oppfølging AS", orgNumber: "974760673"),
            employers: [],
            staff: [
                StaffMember(
                    key: staff, name: "Kari Konsulent", person: person, positionPercent: 100)
            ])
        participation = try await office.createParticipation(
            participation: Participation(
                reference: "participant-000", firstName: "Fatima", lastName: "Dahl",
                start: Day(year: 2026, month: 9, day: 1), end: Day(year: 2027, month: 8, day: 31),
                consultant: staff, status: .active),
            consultants: [person])
        try await office.sync()
        try await consultant.sync()
    }

    /// A client over a folder of its own.
    static func client(_ folder: String, keys: KeyStore = memoryKeyStore()) throws -> Folge {
        try Folge(settings: FolgeSettings(folder: folder, testMode: true), keys: keys)
    }

    /// A visit of the consultant's.
    func visit(start: Date = Team.morning, minutes: Int = 60, note: String = "") -> Visit {
        Visit(
            id: newRecordName(), start: start,
            end: start.addingTimeInterval(TimeInterval(minutes * 60)), form: .inPerson,
            with: .participant, consultants: [staff], outcome: .attended, note: note)
    }

    /// Records one.
    @discardableResult
    func record(note: String = "") async throws -> Visit {
        let visit = visit(note: note)
        try await consultant.record(participation: participation, record: .ofVisit(visit: visit))
        return visit
    }

    func state(of visit: Visit) async throws -> RecordState {
        try await consultant.recordState(
            participation: participation, record: .visit(id: visit.id))
    }

    static let day = Day(year: 2026, month: 10, day: 5)
    static let morning = day.start().addingTimeInterval(9 * 3600)
}

/// A key store that refuses until it is told otherwise.
final class RefusingKeyStore: KeyStore, @unchecked Sendable {
    private let lock = NSLock()
    private var refusal: (any Error)?
    private let kept = memoryKeyStore()

    init(_ refusal: (any Error)?) { self.refusal = refusal }

    func refuse(with error: (any Error)?) { lock.withLock { refusal = error } }

    private func ask() throws {
        if let error = lock.withLock({ refusal }) { throw error }
    }

    func save(name: String, secret: Data) throws {
        try ask()
        try kept.save(name: name, secret: secret)
    }

    func load(name: String) throws -> Data? {
        try ask()
        return try kept.load(name: name)
    }

    func remove(name: String) throws {
        try ask()
        try kept.remove(name: name)
    }
}

/// A value that several threads write.
final class Shared<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    var now: Value { lock.withLock { value } }

    func change(_ change: (inout Value) -> Void) { lock.withLock { change(&value) } }
}
