import Foundation

extension FolgeSettings {
    /// The app's own folder for Følge, made where it is missing: in no backup, and readable for a
    /// sync while the phone is locked. What was recorded lies in it as ciphertext in any case.
    public static func standard(
        lockAfterSeconds: Int32? = nil, testMode: Bool = false
    ) throws -> FolgeSettings {
        let support = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        return try inFolder(
            support.appendingPathComponent("Folge", isDirectory: true),
            lockAfterSeconds: lockAfterSeconds, testMode: testMode)
    }

    /// The same in a folder of choice.
    public static func inFolder(
        _ folder: URL, lockAfterSeconds: Int32? = nil, testMode: Bool = false
    ) throws -> FolgeSettings {
        var attributes: [FileAttributeKey: Any] = [:]
        #if os(iOS)
            attributes[.protectionKey] = FileProtectionType.completeUntilFirstUserAuthentication
        #endif
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: attributes)
        #if canImport(Darwin)
            var excluded = URLResourceValues()
            excluded.isExcludedFromBackup = true
            var place = folder
            try place.setResourceValues(excluded)
        #endif
        return FolgeSettings(
            folder: folder.path, lockAfterSeconds: lockAfterSeconds, testMode: testMode)
    }
}
