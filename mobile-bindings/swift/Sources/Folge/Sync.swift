import Foundation

extension Folge {
    /// Syncs until there is nothing more to bring or fetch. A task that is cancelled ends it within
    /// a moment, with `CancellationError`; what it had not done is done next time.
    @discardableResult
    public func sync() async throws -> SyncTotals { try await syncStoppably(nil) }

    /// The same, told after each round trip how far it has come. Called on a thread of Følge's own.
    @discardableResult
    public func sync(
        progress: @escaping @Sendable (SyncProgress) -> Void
    ) async throws -> SyncTotals {
        try await syncStoppably(Progress(progress))
    }

    /// A sync as a stream of how far it has come. It begins at once, and is stopped when nobody
    /// reads on.
    public func syncProgress() -> AsyncThrowingStream<SyncProgress, any Error> {
        AsyncThrowingStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let syncing = Task {
                do {
                    try await sync(progress: { continuation.yield($0) })
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in syncing.cancel() }
        }
    }

    /// The generated code does not tell Rust that a Swift task was cancelled, so this does.
    private func syncStoppably(_ observer: SyncObserver?) async throws -> SyncTotals {
        try Task.checkCancellation()
        let stop = SyncStop()
        do {
            return try await withTaskCancellationHandler {
                try await sync(observer: observer, stop: stop)
            } onCancel: {
                stop.stop()
            }
        } catch let error as FolgeError where error.code == "stopped" && Task.isCancelled {
            throw CancellationError()
        }
    }
}

private final class Progress: SyncObserver {
    private let told: @Sendable (SyncProgress) -> Void

    init(_ told: @escaping @Sendable (SyncProgress) -> Void) { self.told = told }

    func progressed(progress: SyncProgress) { told(progress) }
}
