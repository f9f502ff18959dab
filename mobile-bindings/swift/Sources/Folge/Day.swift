import Foundation

extension TimeZone {
    /// The zone of every `Day` and `Month` in Følge.
    public static let oslo = TimeZone(identifier: "Europe/Oslo") ?? .current
}

/// A text that is no day or month.
public struct NotADay: Error, Equatable {}

/// A day in Oslo. Ask `Folge.today()` which one it is. A day that is in no calendar is refused by
/// the call that it is given to.
public struct Day: Hashable, Comparable, Sendable {
    public var year: Int
    public var month: Int
    public var day: Int

    public init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day of a time.
    public init(_ date: Date, in zone: TimeZone = .oslo) {
        let parts = gregorian(zone).dateComponents([.year, .month, .day], from: date)
        self.init(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
    }

    /// Reads `2026-11-22`.
    public init(iso text: String) throws {
        let parts = try numbers(text, lengths: [4, 2, 2])
        self.init(year: parts[0], month: parts[1], day: parts[2])
    }

    /// When the day begins.
    public func start(in zone: TimeZone = .oslo) -> Date {
        let parts = DateComponents(year: year, month: month, day: day)
        return gregorian(zone).date(from: parts) ?? .distantPast
    }

    /// So many days later, or earlier.
    public func adding(days: Int) -> Day {
        // At noon, and in UTC: no day is longer than another there.
        let parts = DateComponents(year: year, month: month, day: day + days, hour: 12)
        return Day(gregorian(.gmt).date(from: parts) ?? .distantPast, in: .gmt)
    }

    public static func < (one: Day, other: Day) -> Bool {
        (one.year, one.month, one.day) < (other.year, other.month, other.day)
    }
}

extension Day: CustomStringConvertible {
    /// `2026-11-22`.
    public var description: String { padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) }
}

extension Day: Codable {
    public init(from decoder: Decoder) throws {
        try self.init(iso: decoder.singleValueContainer().decode(String.self))
    }
    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// A calendar month.
public struct Month: Hashable, Comparable, Sendable {
    public var year: Int
    public var month: Int

    public init(year: Int, month: Int) {
        self.year = year
        self.month = month
    }

    /// The month of a day.
    public init(of day: Day) {
        self.init(year: day.year, month: day.month)
    }

    /// The month of a time.
    public init(_ date: Date, in zone: TimeZone = .oslo) {
        self.init(of: Day(date, in: zone))
    }

    /// Reads `2026-11`.
    public init(iso text: String) throws {
        let parts = try numbers(text, lengths: [4, 2])
        self.init(year: parts[0], month: parts[1])
    }

    /// The first day.
    public var firstDay: Day { Day(year: year, month: month, day: 1) }

    /// So many months later, or earlier.
    public func adding(months: Int) -> Month {
        let parts = DateComponents(year: year, month: month + months, day: 1, hour: 12)
        return Month(gregorian(.gmt).date(from: parts) ?? .distantPast, in: .gmt)
    }

    public static func < (one: Month, other: Month) -> Bool {
        (one.year, one.month) < (other.year, other.month)
    }
}

extension Month: CustomStringConvertible {
    /// `2026-11`.
    public var description: String { padded(year, 4) + "-" + padded(month, 2) }
}

extension Month: Codable {
    public init(from decoder: Decoder) throws {
        try self.init(iso: decoder.singleValueContainer().decode(String.self))
    }
    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

private func gregorian(_ zone: TimeZone) -> Calendar {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = zone
    return calendar
}

private func padded(_ number: Int, _ length: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, length - digits.count)) + digits
}

private func numbers(_ text: String, lengths: [Int]) throws -> [Int] {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == lengths else { throw NotADay() }
    return try parts.map { part in
        guard part.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(part) else {
            throw NotADay()
        }
        return number
    }
}
