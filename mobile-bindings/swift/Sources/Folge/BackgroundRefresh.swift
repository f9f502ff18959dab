#if os(iOS) && canImport(BackgroundTasks)
    import BackgroundTasks
    import Foundation

    /// Delivers what was recorded while the app is not in front, as often as iOS lets it. README.md
    /// says what the app's Info.plist needs.
    public enum BackgroundRefresh {
        /// iOS gives about 30 seconds; some are left for locking the store.
        private static let budgetMs: Int64 = 20_000

        /// To be called once, before the app has finished launching.
        public static func register(
            identifier: String, folge: @escaping @Sendable () throws -> Folge
        ) {
            BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
                run(Turn(task: task), identifier, folge)
            }
        }

        /// Asks for the next turn, not before so many seconds. To be called when the app goes to the
        /// back.
        public static func schedule(identifier: String, after seconds: TimeInterval = 15 * 60) {
            let request = BGAppRefreshTaskRequest(identifier: identifier)
            request.earliestBeginDate = Date(timeIntervalSinceNow: seconds)
            // Refused where the user turned background refresh off: the app syncs when it is opened.
            try? BGTaskScheduler.shared.submit(request)
        }

        private static func run(
            _ turn: Turn, _ identifier: String, _ folge: @Sendable () throws -> Folge
        ) {
            guard let folge = try? folge() else {
                return turn.task.setTaskCompleted(success: false)
            }
            turn.task.expirationHandler = { folge.stopSync() }
            Task {
                let result = await folge.backgroundSync(budgetMs: budgetMs)
                switch result.outcome {
                case .done: break
                // No turn helps before the user opens the app.
                case .needsUser: break
                case .outOfTime: schedule(identifier: identifier, after: 60)
                case .failed:
                    let wait = TimeInterval(result.waitMs) / 1000
                    schedule(identifier: identifier, after: max(wait, 15 * 60))
                }
                turn.task.setTaskCompleted(success: result.outcome == .done)
            }
        }

        /// iOS hands the task to one thread and is told on another that it is done, which it allows.
        private struct Turn: @unchecked Sendable {
            let task: BGTask
        }
    }
#endif
