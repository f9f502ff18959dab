import Foundation

extension Folge {
    /// What changes from now on. Each stream gets every change; it ends with the client.
    public var changes: AsyncStream<Change> { changes(keeping: .unbounded) }

    /// A query's result, now and again after every change. Changes that come while it runs are one:
    /// no result is older than the last change.
    ///
    ///     for try await visits in folge.watch({ try await $0.day(day: $0.today()) }) { … }
    ///
    /// It ends with the query's error; a client that is locked ends it with `Locked`.
    public func watch<Value: Sendable>(
        _ query: @escaping @Sendable (Folge) async throws -> Value
    ) -> AsyncThrowingStream<Value, any Error> {
        AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            // Before the first answer, so that nothing is missed in between.
            let changes = changes(keeping: .bufferingNewest(1))
            let watching = Task {
                do {
                    continuation.yield(try await query(self))
                    for await _ in changes {
                        continuation.yield(try await query(self))
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in watching.cancel() }
        }
    }

    private func changes(
        keeping policy: AsyncStream<Change>.Continuation.BufferingPolicy
    ) -> AsyncStream<Change> {
        AsyncStream(bufferingPolicy: policy) { continuation in
            let observation = observe(observer: Teller(continuation))
            continuation.onTermination = { _ in observation.stop() }
        }
    }
}

/// Passes changes on. The client lets go of it when it ends, or when the observation is stopped.
private final class Teller: Observer {
    private let continuation: AsyncStream<Change>.Continuation

    init(_ continuation: AsyncStream<Change>.Continuation) { self.continuation = continuation }

    func changed(change: Change) { continuation.yield(change) }

    deinit { continuation.finish() }
}
