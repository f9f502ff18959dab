import XCTest

@testable import Folge

final class StoryTests: XCTestCase {
    private struct File: Decodable {
        let about: String
        let steps: [[String: Json]]
    }

    func testTheStoryIsToldToItsEnd() async throws {
        let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: Given.story))
        let story = try Story()
        for (number, step) in file.steps.enumerated() {
            do {
                try await story.tell(step)
            } catch {
                return XCTFail("step \(number + 1), \(StoryTests.text(step)): \(error)")
            }
        }
        XCTAssertEqual(story.told, file.steps.count)
    }

    func testAStepThatIsNotKnownFails() async throws {
        let story = try Story()
        let unknown: [[String: Json]] = [
            ["do": .text("dance"), "on": .text("office")],
            ["do": .text("state"), "on": .text("office"), "is": .text("drunk")],
            ["do": .text("state"), "on": .text("office"), "is": .text("empty"), "at": .text("x")],
            ["do": .text("relay"), "is": .text("sideways")],
            ["do": .text("lock")],
        ]
        for step in unknown {
            do {
                try await story.tell(step)
                XCTFail("passed: \(StoryTests.text(step))")
            } catch is StoryFailure {}
        }
    }

    /// Its README has a line for each kind of step.
    func testEveryKindOfStepIsKnown() async throws {
        let readme = Given.story.deletingLastPathComponent().appendingPathComponent("README.md")
        let lines = try String(contentsOf: readme, encoding: .utf8).split(separator: "\n")
        let kinds = lines.filter { $0.hasPrefix("| `") }.map { String($0.split(separator: "`")[1]) }
            .filter { $0 != "do" }
        XCTAssertGreaterThan(kinds.count, 40)
        let story = try Story()
        for kind in kinds {
            do {
                try await story.tell(["do": .text(kind), "on": .text("nobody")])
            } catch let failure as StoryFailure {
                XCTAssertNotEqual("\(failure)", "does not know \(kind)")
            }
        }
    }

    func testAnErrorThatDoesNotComeOrIsAnotherFails() async throws {
        let story = try Story()
        let wrong: [[String: Json]] = [
            ["do": .text("state"), "on": .text("a"), "is": .text("empty"), "error": .text("locked")],
            ["do": .text("unlock"), "on": .text("a"), "error": .text("wrong_secret")],
            ["do": .text("unlock"), "on": .text("a")],
            ["do": .text("state"), "on": .text("a"), "is": .text("open")],
        ]
        for step in wrong {
            do {
                try await story.tell(step)
                XCTFail("passed: \(StoryTests.text(step))")
            } catch is StoryFailure {}
        }
        try await story.tell(["do": .text("unlock"), "on": .text("a"), "error": .text("no_store")])
    }

    /// The step as the file has it.
    private static func text(_ step: [String: Json]) -> String {
        func text(_ value: Json) -> String {
            switch value {
            case .null: "null"
            case .bool(let bool): "\(bool)"
            case .number(let number): "\(number)"
            case .text(let text): "\"\(text)\""
            case .list(let list): "[" + list.map(text).joined(separator: ", ") + "]"
            case .object(let fields):
                "{"
                    + fields.sorted { $0.key < $1.key }
                    .map { "\"\($0.key)\": \(text($0.value))" }.joined(separator: ", ") + "}"
            }
        }
        return text(.object(step))
    }
}
