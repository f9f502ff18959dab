import Foundation

/// A value of the story.
enum Json: Decodable, Equatable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([Json])
    case object([String: Json])

    init(from decoder: Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([Json].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: Json].self))
        }
    }
}

/// What is wrong with a step, or with what came of it.
struct StoryFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The fields of a step. It remembers which were asked for, so that none is left unread.
final class Fields {
    let all: [String: Json]
    private var read: Set<String> = []

    init(_ all: [String: Json]) { self.all = all }

    /// What nobody asked for.
    var unread: [String] { all.keys.filter { !read.contains($0) }.sorted() }

    subscript(name: String) -> Json? {
        read.insert(name)
        return all[name]
    }

    func text(_ name: String) throws -> String {
        guard case .text(let text)? = self[name] else { throw StoryFailure("no text \(name)") }
        return text
    }

    func textIfGiven(_ name: String) throws -> String? { self[name] == nil ? nil : try text(name) }

    func number(_ name: String) throws -> Int {
        guard case .number(let number)? = self[name] else {
            throw StoryFailure("no number \(name)")
        }
        return Int(number)
    }

    func numberIfGiven(_ name: String) throws -> Int? {
        self[name] == nil ? nil : try number(name)
    }

    func bool(_ name: String) throws -> Bool {
        guard case .bool(let bool)? = self[name] else { throw StoryFailure("no yes or no \(name)") }
        return bool
    }

    func boolIfGiven(_ name: String) throws -> Bool? { self[name] == nil ? nil : try bool(name) }

    func list(_ name: String) throws -> [Json] {
        guard case .list(let list)? = self[name] else { throw StoryFailure("no list \(name)") }
        return list
    }

    func texts(_ name: String) throws -> [String] {
        try list(name).map { item in
            guard case .text(let text) = item else { throw StoryFailure("no texts \(name)") }
            return text
        }
    }

    func object(_ name: String) throws -> Fields {
        guard case .object(let fields)? = self[name] else {
            throw StoryFailure("no object \(name)")
        }
        return Fields(fields)
    }

    func objects(_ name: String) throws -> [Fields] {
        try list(name).map { item in
            guard case .object(let fields) = item else { throw StoryFailure("no objects \(name)") }
            return Fields(fields)
        }
    }

    /// `in_person` is `inPerson`.
    func word<Word: CaseIterable>(_ name: String) throws -> Word {
        let text = try text(name)
        guard let word = Word.allCases.first(where: { snakeCase("\($0)") == text }) else {
            throw StoryFailure("no \(Word.self) is called \(text)")
        }
        return word
    }

    func time(_ name: String) throws -> Date {
        guard let time = ISO8601DateFormatter().date(from: try text(name)) else {
            throw StoryFailure("no time \(name)")
        }
        return time
    }
}

func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { text, letter in
        text += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
    }
}
