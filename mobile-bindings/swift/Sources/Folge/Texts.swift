import Foundation

extension Locale {
    /// Whether texts are shown in Bokmål: to readers of Norwegian, Danish and Swedish. Others get
    /// English.
    fileprivate var readsBokmal: Bool {
        ["nb", "nn", "no", "da", "sv"].contains(language.languageCode?.identifier)
    }
}

extension Wording {
    /// The text in the language of a locale.
    public func `in`(_ locale: Locale) -> String { locale.readsBokmal ? nb : en }
}

extension Problem {
    /// What happened and what to do, in the language of a locale.
    public func `in`(_ locale: Locale) -> String { locale.readsBokmal ? nb : en }
}

extension FolgeError {
    /// Which error, and what the user reads, whatever the app does about it.
    public var problem: Problem {
        switch self {
        case .Locked(let problem), .WrongSecret(let problem), .TooManyAttempts(let problem, _),
            .Invalid(let problem, _), .ReasonNeeded(let problem), .Blocked(let problem),
            .NotAllowed(let problem), .NotFound(let problem), .BadInvitation(let problem),
            .Unreachable(let problem), .Relay(let problem), .PutOut(let problem),
            .StorageFull(let problem), .UpdateNeeded(let problem), .Damaged(let problem),
            .TryAgain(let problem), .KeyStore(let problem), .Internal(let problem):
            return problem
        }
    }

    /// A stable code, for tests and support.
    public var code: String { problem.code }

    /// What the user reads, in the language of the app.
    public var userText: String { problem.in(.current) }
}

/// Printed, and so in a log, an error is its code.
extension FolgeError: CustomStringConvertible, CustomDebugStringConvertible {
    public var debugDescription: String { code }
}

/// `localizedDescription` is what the user reads.
extension FolgeError: LocalizedError {
    public var errorDescription: String? { userText }
}
