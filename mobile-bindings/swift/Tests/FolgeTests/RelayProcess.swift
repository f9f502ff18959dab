import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the tests are given.
enum Given {
    private static let environment = ProcessInfo.processInfo.environment
    /// `mobile-bindings/`, two folders above the package's `Tests/`.
    private static let mobile = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The program `folge-relay`.
    static var relay: URL {
        environment["FOLGE_RELAY"].map { URL(fileURLWithPath: $0) }
            ?? mobile.deletingLastPathComponent().appendingPathComponent("target/debug/folge-relay")
    }

    static var story: URL {
        environment["FOLGE_STORY"].map { URL(fileURLWithPath: $0) }
            ?? mobile.appendingPathComponent("story/story.json")
    }
}

struct RelayDidNotStart: Error {}

/// A folder that is gone when the test has ended.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("folge-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// The real relay as a process of its own. It keeps its data and its address when it is started
/// again.
final class RelayProcess {
    private let data: String
    private var process: Process?
    private(set) var url = ""

    init(data: String) throws {
        self.data = data
        try start(listen: "127.0.0.1:0")
    }

    /// Starts it again at the same address.
    func up() throws {
        guard process == nil else { return }
        try start(listen: url.replacingOccurrences(of: "http://", with: ""))
    }

    /// Kills it, as a power cut does.
    func down() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// It takes connections and answers nobody.
    func hang() { process.map { _ = kill($0.processIdentifier, SIGSTOP) } }

    /// It answers again.
    func goOn() { process.map { _ = kill($0.processIdentifier, SIGCONT) } }

    deinit { down() }

    private func start(listen: String) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = Given.relay
        process.arguments = [
            "serve", "--listen", listen, "--data", data,
            "--limit", "device_requests_per_minute=1000000",
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var said = ""
        while true {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { break }
            said += String(decoding: more, as: UTF8.self)
            for line in said.split(separator: "\n").dropLast(said.hasSuffix("\n") ? 0 : 1) {
                if let range = line.range(of: "folge-relay listening on ") {
                    url = String(line[range.upperBound...])
                    self.process = process
                    return
                }
            }
        }
        process.waitUntilExit()
        throw RelayDidNotStart()
    }
}
