import XCTest

@testable import Folge

final class FolgeTests: XCTestCase {
    // MARK: Errors

    func testAnErrorHasACodeAndBothLanguages() async throws {
        let folder = try TemporaryFolder()
        let folge = try Team.client(folder.path("phone"))
        do {
            try await folge.unlock(with: .platformKey)
            XCTFail("there is no store")
        } catch let error as FolgeError {
            guard case .NotFound(let problem) = error else { return XCTFail("\(error)") }
            XCTAssertEqual(error.code, "no_store")
            XCTAssertEqual(problem, error.problem)
            XCTAssertEqual(
                problem.in(Locale(identifier: "nb_NO")),
                "Følge er ikke satt opp på denne enheten. Åpne en invitasjon først.")
            XCTAssertEqual(problem.in(Locale(identifier: "nn_NO")), problem.nb)
            XCTAssertEqual(
                problem.in(Locale(identifier: "uk_UA")),
                "Følge is not set up on this device. Open an invitation first.")
            XCTAssertEqual(error.localizedDescription, error.userText)
            XCTAssertEqual("\(error)", "no_store")
            XCTAssertEqual(String(reflecting: error), "no_store")
        }
    }

    func testAWrongPassphraseIsToldAndRepeatedOnesMustWait() async throws {
        let folder = try TemporaryFolder()
        let relay = try RelayProcess(data: folder.path("relay"))
        let folge = try Team.client(folder.path("phone"))
        _ = try await folge.found(
            relayUrl: relay.url, foundingToken: "",
            with: .passphrase(text: "seks ord er lettere å huske"))
        try await folge.lock()
        var codes: [String] = []
        for _ in 0..<12 where codes.last != "too_many_attempts" {
            do {
                try await folge.unlock(with: .passphrase(text: "noe helt annet"))
                XCTFail("it opened")
            } catch let error as FolgeError {
                codes.append(error.code)
                if case .TooManyAttempts(_, let waitMs) = error {
                    XCTAssertGreaterThan(waitMs, 0)
                }
            }
        }
        XCTAssertEqual(codes.first, "wrong_secret")
        XCTAssertEqual(codes.last, "too_many_attempts")
    }

    func testAKeyStoreThatRefusesIsTold() async throws {
        let folder = try TemporaryFolder()
        let relay = try RelayProcess(data: folder.path("relay"))
        let keys = RefusingKeyStore(KeyStoreError.Refused)
        let folge = try Team.client(folder.path("phone"), keys: keys)
        let found = {
            _ = try await folge.found(
                relayUrl: relay.url, foundingToken: "", with: .platformKey)
        }
        try await fails("key_refused", found)
        let before = try await folge.state()
        XCTAssertEqual(before, .empty)
        keys.refuse(with: KeyStoreError.Unavailable)
        try await fails("key_unavailable", found)
        // What the app did not declare is not told apart.
        struct Odd: Error {}
        keys.refuse(with: Odd())
        try await fails("key_unavailable", found)
        keys.refuse(with: nil)
        try await found()
        try await folge.lock()
        keys.refuse(with: KeyStoreError.Refused)
        try await fails("key_refused") { try await folge.unlock(with: .platformKey) }
        keys.refuse(with: nil)
        try await folge.unlock(with: .platformKey)
        try await folge.lock()
        try keys.remove(name: "folge-store-key")
        try await fails("key_lost") { try await folge.unlock(with: .platformKey) }
    }

    func testATextIsReadInTheReadersLanguage() {
        let wording = Wording(nb: "Lagret", en: "Saved")
        for (language, text) in [
            ("nb_NO", "Lagret"), ("nn", "Lagret"), ("no", "Lagret"), ("da_DK", "Lagret"),
            ("sv_SE", "Lagret"), ("en_GB", "Saved"), ("pl", "Saved"), ("ar", "Saved"),
        ] {
            XCTAssertEqual(wording.in(Locale(identifier: language)), text, language)
        }
    }

    // MARK: What is recorded

    func testNothingPrintsItsContent() async throws {
        let team = try await Team()
        let visit = try await team.record(note: "hemmelig")
        let page = try await team.consultant.participation(participation: team.participation)
        let thread: [Any] = [
            visit, CaseRecord.ofVisit(visit: visit), page, page.records, page.participation as Any,
            MessageBody.comment(text: "hemmelig"), Verdict.wrong(words: "hemmelig"),
            UnlockWith.passphrase(text: "hemmelig"),
            Attendee(
                participation: team.participation, record: visit.id, outcome: .attended,
                note: "hemmelig"),
        ]
        XCTAssertEqual("\(visit)", "Visit(..)")
        for value in thread {
            for text in ["\(value)", String(reflecting: value), "\([value])"] {
                XCTAssertFalse(text.contains("hemmelig"), text)
                XCTAssertFalse(text.contains("Fatima"), text)
                XCTAssertFalse(text.contains("2026-"), text)
            }
        }
    }

    func testTheLogHasNobodysData() async throws {
        let lines = Lines()
        setLogSink(sink: lines)
        defer { setLogSink(sink: nil) }
        let team = try await Team()
        try await team.record(note: "hemmelig")
        try await team.consultant.sync()
        try await team.consultant.lock()
        try await team.consultant.unlock(with: .platformKey)
        let all = lines.all.now.joined(separator: "\n")
        XCTAssert(all.contains("sync: done"), all)
        for word in ["hemmelig", "Fatima", "Kari", "127.0.0.1", team.participation] {
            XCTAssertFalse(all.contains(word), all)
        }
    }

    func testTheFolderIsMadeAndHoldsNothingReadable() async throws {
        let folder = try TemporaryFolder()
        let place = folder.url.appendingPathComponent("App/Folge", isDirectory: true)
        let relay = try RelayProcess(data: folder.path("relay"))
        let settings = try FolgeSettings.inFolder(place, lockAfterSeconds: 60)
        XCTAssertEqual(settings.lockAfterSeconds, 60)
        XCTAssertFalse(settings.testMode)
        let folge = try Folge(settings: settings, keys: memoryKeyStore())
        _ = try await folge.found(relayUrl: relay.url, foundingToken: "", with: .platformKey)
        try await folge.putRegister(
            provider: Provider(name: "Fjordveien Oppfølging AS", orgNumber: "974760673"),
            employers: [], staff: [])
        let files = try FileManager.default.contentsOfDirectory(
            at: place, includingPropertiesForKeys: nil)
        XCTAssertFalse(files.isEmpty)
        for file in files {
            let bytes = try Data(contentsOf: file)
            XCTAssertNil(bytes.range(of: Data("Fjordveien".utf8)), file.lastPathComponent)
        }
    }

    func testATimeKeepsItsMillisecond() async throws {
        let team = try await Team()
        var kept = 0
        for ms in stride(from: 1, to: 1000, by: 37) {
            let start = Date(timeIntervalSince1970: 1_791_190_800 + Double(ms) / 1000)
            let visit = team.visit(start: start)
            try await team.consultant.record(
                participation: team.participation, record: .ofVisit(visit: visit))
            let page = try await team.consultant.participation(participation: team.participation)
            let read = page.records.compactMap { line -> Visit? in
                if case .ofVisit(let read) = line.record, read.id == visit.id { read } else { nil }
            }
            let off = try XCTUnwrap(read.first).start.timeIntervalSince(start)
            if abs(off) < 0.0005 { kept += 1 }
        }
        XCTAssertEqual(kept, 27)
    }

    func testFourTasksAtOnceRecordEachTheirs() async throws {
        let team = try await Team()
        let (folge, participation) = (team.consultant, team.participation)
        let visits = (0..<40).map { team.visit(note: "\($0)") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for part in 0..<4 {
                group.addTask {
                    for visit in visits[part * 10..<part * 10 + 10] {
                        try await folge.record(
                            participation: participation, record: .ofVisit(visit: visit))
                        _ = try await folge.day(day: Team.day)
                    }
                }
            }
            try await group.waitForAll()
        }
        let read = try await folge.day(day: Team.day)
        XCTAssertEqual(Set(read.map(\.visit.id)), Set(visits.map(\.id)))
        XCTAssertEqual(Set(read.map(\.visit.note)), Set(visits.map(\.note)))
    }

    // MARK: Changes

    func testEveryStreamOfChangesGetsEveryChange() async throws {
        let team = try await Team()
        var streams = [team.consultant.changes, team.consultant.changes].map {
            $0.makeAsyncIterator()
        }
        try await team.record()
        try await team.consultant.sync()
        try await team.consultant.lock()
        try await team.consultant.unlock(with: .platformKey)
        for index in streams.indices {
            var got: [Change?] = []
            while got.count < 4 {
                let change = await streams[index].next()
                // What was told just before may still come.
                if got.isEmpty && change == .synced { continue }
                got.append(change)
            }
            XCTAssertEqual(got, [.recorded, .synced, .locked, .unlocked])
        }
    }

    func testAStreamOfChangesEndsWithItsClient() async throws {
        let folder = try TemporaryFolder()
        var folge: Folge? = try Team.client(folder.path("phone"))
        let changes = try XCTUnwrap(folge).changes
        folge = nil
        let ended = expectation(description: "ended")
        let reader = Task {
            for await _ in changes {}
            ended.fulfill()
        }
        await fulfillment(of: [ended], timeout: 5)
        reader.cancel()
    }

    func testAWatchGivesTheResultNowAndAfterEveryChange() async throws {
        let team = try await Team()
        var counts = team.consultant.watch { try await $0.day(day: Team.day).count }
            .makeAsyncIterator()
        var count = try await counts.next()
        XCTAssertEqual(count, 0)
        for expected in [1, 2] {
            try await team.record()
            // What was told just before may still come.
            repeat { count = try await counts.next() } while count == expected - 1
            XCTAssertEqual(count, expected)
        }
        try await team.consultant.lock()
        do {
            while try await counts.next() != nil {}
            XCTFail("a locked client has no answer")
        } catch let error as FolgeError {
            XCTAssertEqual(error.code, "locked")
        }
    }

    func testAWatchThatIsLeftKeepsNoClientAlive() async throws {
        let folder = try TemporaryFolder()
        var folge: Folge? = try Team.client(folder.path("phone"))
        let left = WeakFolge(folge)
        let watching = Task { [states = try XCTUnwrap(folge).watch { try await $0.state() }] in
            for try await _ in states {}
        }
        folge = nil
        try await Task.sleep(nanoseconds: 100_000_000)
        watching.cancel()
        _ = try? await watching.value
        try await eventually { left.folge == nil }
    }

    // MARK: Sync

    func testASyncTellsHowFarItHasCome() async throws {
        let team = try await Team()
        try await team.record()
        let told = Shared<[SyncProgress]>([])
        let totals = try await team.consultant.sync { progress in told.change { $0.append(progress) } }
        XCTAssertGreaterThanOrEqual(totals.progress.delivered, 1)
        XCTAssertEqual(told.now.last, totals.progress)
        try await team.record()
        var last: SyncProgress?
        for try await progress in team.consultant.syncProgress() { last = progress }
        XCTAssertGreaterThanOrEqual(try XCTUnwrap(last).delivered, 1)
    }

    func testACancelledSyncEndsAtOnceAndLosesNothing() async throws {
        let team = try await Team()
        let visit = try await team.record()
        team.relay.hang()
        let folge = team.consultant
        for wait in [UInt64(0), 1_000_000, 300_000_000] {
            let syncing = Task { try await folge.sync() }
            try await Task.sleep(nanoseconds: wait)
            let began = Date()
            syncing.cancel()
            let result = await syncing.result
            XCTAssertLessThan(Date().timeIntervalSince(began), 1)
            XCTAssertThrowsError(try result.get()) { XCTAssert($0 is CancellationError, "\($0)") }
        }
        // It is free for other calls meanwhile and afterwards.
        let before = try await team.state(of: visit)
        XCTAssertEqual(before, .savedHere)
        team.relay.goOn()
        try await folge.sync()
        let after = try await team.state(of: visit)
        XCTAssertEqual(after, .stored)
    }

    func testACallIsAnsweredWhileASyncWaitsForTheRelay() async throws {
        let team = try await Team()
        team.relay.hang()
        let folge = team.consultant
        let syncing = Task { try await folge.sync() }
        try await Task.sleep(nanoseconds: 200_000_000)
        let began = Date()
        try await team.record()
        XCTAssertLessThan(Date().timeIntervalSince(began), 1)
        folge.stopSync()
        let result = await syncing.result
        XCTAssertThrowsError(try result.get()) {
            XCTAssertEqual(($0 as? FolgeError)?.code, "stopped")
        }
        team.relay.goOn()
    }

    func testNoConnectionIsToldAndNothingIsLost() async throws {
        let team = try await Team()
        let visit = try await team.record()
        team.relay.down()
        try await fails("unreachable") { try await team.consultant.sync() }
        try team.relay.up()
        try await team.consultant.sync()
        let state = try await team.state(of: visit)
        XCTAssertEqual(state, .stored)
    }

    func testASyncInTheBackgroundKeepsToItsTimeAndLocksAgain() async throws {
        let team = try await Team()
        let visit = try await team.record()
        let folge = team.consultant
        try await folge.lock()
        team.relay.hang()
        let began = Date()
        let late = await folge.backgroundSync(budgetMs: 700)
        XCTAssertLessThan(Date().timeIntervalSince(began), 2)
        XCTAssertEqual(late.outcome, .outOfTime)
        team.relay.goOn()
        let done = await folge.backgroundSync(budgetMs: 20_000)
        XCTAssertEqual(done.outcome, .done, done.code ?? "")
        XCTAssertGreaterThanOrEqual(done.progress.delivered, 1)
        let state = try await folge.state()
        XCTAssertEqual(state, .locked)
        try await folge.unlock(with: .platformKey)
        let delivered = try await team.state(of: visit)
        XCTAssertEqual(delivered, .stored)
        team.relay.down()
        let failed = await folge.backgroundSync(budgetMs: 5000)
        XCTAssertEqual(failed.outcome, .failed)
        XCTAssertEqual(failed.code, "unreachable")
        // It was open, and stays open.
        let open = try await folge.state()
        XCTAssertEqual(open, .open)
    }

    func testTheBackgroundDoesNotLockWhatTheUserOpenedMeanwhile() async throws {
        let team = try await Team()
        try await team.record()
        let folge = team.consultant
        try await folge.lock()
        team.relay.hang()
        let syncing = Task { await folge.backgroundSync(budgetMs: 20_000) }
        try await Task.sleep(nanoseconds: 300_000_000)
        try await folge.unlock(with: .platformKey)
        team.relay.goOn()
        let result = await syncing.value
        XCTAssertEqual(result.outcome, .done)
        let state = try await folge.state()
        XCTAssertEqual(state, .open)
    }

    func testTheBackgroundCannotOpenWithoutAKey() async throws {
        let folder = try TemporaryFolder()
        let relay = try RelayProcess(data: folder.path("relay"))
        let keys = RefusingKeyStore(nil)
        let folge = try Team.client(folder.path("phone"), keys: keys)
        _ = try await folge.found(
            relayUrl: relay.url, foundingToken: "", with: .platformKey)
        try await folge.lock()
        keys.refuse(with: KeyStoreError.Unavailable)
        let result = await folge.backgroundSync(budgetMs: 1000)
        XCTAssertEqual(result.outcome, .needsUser)
        XCTAssertEqual(result.code, "key_unavailable")
    }

    func testInTouchWhatIsRecordedGoesOutAndComesInByItself() async throws {
        let team = try await Team()
        team.office.startInTouch()
        team.consultant.startInTouch()
        defer {
            team.office.stopInTouch()
            team.consultant.stopInTouch()
        }
        let office = team.office
        var visits = office.watch { try await $0.sums().visits }.makeAsyncIterator()
        let first = try await visits.next()
        XCTAssertEqual(first, 0)
        let visit = try await team.record()
        while let seen = try await visits.next(), seen == 0 {}
        try await eventually { try await team.state(of: visit) == .readByOffice }
    }

    func testAStoppedSyncDoesNotEndBeingInTouch() async throws {
        let team = try await Team()
        let visit = try await team.record()
        team.relay.hang()
        team.consultant.startInTouch()
        defer { team.consultant.stopInTouch() }
        try await Task.sleep(nanoseconds: 300_000_000)
        team.consultant.stopSync()
        try await Task.sleep(nanoseconds: 300_000_000)
        team.relay.goOn()
        team.consultant.startInTouch()
        try await eventually { try await team.state(of: visit) == .stored }
    }

    // MARK: Days

    func testADayReadsAndWritesItself() throws {
        let day = try Day(iso: "2026-02-28")
        XCTAssertEqual(day, Day(year: 2026, month: 2, day: 28))
        XCTAssertEqual(day.description, "2026-02-28")
        XCTAssertEqual(day.adding(days: 1).description, "2026-03-01")
        XCTAssertEqual(day.adding(days: -59).description, "2025-12-31")
        XCTAssertLessThan(day, day.adding(days: 1))
        XCTAssertEqual(Month(of: day).description, "2026-02")
        XCTAssertEqual(Month(of: day).adding(months: 11).description, "2027-01")
        XCTAssertEqual(try Month(iso: "2026-02").firstDay.description, "2026-02-01")
        for text in ["", "2026-2-28", "2026-02-28T", "+026-02-28", "2026-02", "20260228", "２０２６-02-28"] {
            XCTAssertThrowsError(try Day(iso: text), text)
        }
        // Half past eleven in the evening, in winter and in summer, is the next day in Oslo.
        let formatter = ISO8601DateFormatter()
        for (time, expected) in [
            ("2026-01-31T23:30:00Z", "2026-02-01"), ("2026-06-30T22:30:00Z", "2026-07-01"),
            ("2026-01-31T22:30:00Z", "2026-01-31"),
        ] {
            let date = try XCTUnwrap(formatter.date(from: time))
            XCTAssertEqual(Day(date).description, expected)
            XCTAssertLessThanOrEqual(Day(date).start(), date)
        }
        let coded = try JSONEncoder().encode([day])
        XCTAssertEqual(String(decoding: coded, as: UTF8.self), "[\"2026-02-28\"]")
        XCTAssertEqual(try JSONDecoder().decode([Day].self, from: coded), [day])
    }

    func testADayThatIsInNoCalendarIsRefused() async throws {
        let team = try await Team()
        try await fails("unreadable_text") {
            _ = try await team.consultant.day(day: Day(year: 2026, month: 2, day: 30))
        }
        let today = try await team.consultant.today()
        XCTAssertEqual(today, Day(Date()))
    }

    // MARK: Helpers

    private func fails(_ code: String, _ work: () async throws -> Void) async throws {
        do {
            try await work()
            XCTFail("did not fail with \(code)")
        } catch let error as FolgeError {
            XCTAssertEqual(error.code, code)
        }
    }

    private func eventually(_ holds: () async throws -> Bool) async throws {
        for _ in 0..<200 {
            if try await holds() { return }
            try await Task.sleep(nanoseconds: 50_000_000)
        }
        XCTFail("not within ten seconds")
    }
}

private final class WeakFolge {
    private(set) weak var folge: Folge?

    init(_ folge: Folge?) { self.folge = folge }
}

private final class Lines: LogSink {
    let all = Shared<[String]>([])

    func log(level: LogLevel, line: String) { all.change { $0.append(line) } }
}
