#if canImport(Security) && canImport(LocalAuthentication)
    import Foundation
    import LocalAuthentication
    import Security

    /// The store's key in the iOS Keychain: on this device alone, in no backup that another device
    /// can read, never in iCloud. README.md says which protection to choose.
    public final class KeychainKeyStore: KeyStore {
        /// When the Keychain gives the key.
        public enum Protection: Sendable {
            /// From the first time that the phone is unlocked after it was started: what was
            /// recorded is delivered in the background while the phone lies locked in a pocket.
            case afterFirstUnlock
            /// Only while the phone is unlocked. A sync in the background mostly needs the user.
            case whileUnlocked
            /// Only after Face ID, Touch ID or the phone's code. A sync in the background always
            /// needs the user.
            case userPresence(reason: String)
        }

        private let service: String
        private let protection: Protection

        /// - Parameter service: parts this store's key from others of the app.
        public init(service: String = "no.folge", protection: Protection = .afterFirstUnlock) {
            self.service = service
            self.protection = protection
        }

        public func save(name: String, secret: Data) throws {
            var item = query(name)
            item[kSecValueData as String] = secret
            switch protection {
            case .afterFirstUnlock:
                item[kSecAttrAccessible as String] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
            case .whileUnlocked:
                item[kSecAttrAccessible as String] = kSecAttrAccessibleWhenUnlockedThisDeviceOnly
            case .userPresence:
                // Not the fingers of today alone: a new finger would lose the key, and with it what
                // was not delivered.
                guard
                    let control = SecAccessControlCreateWithFlags(
                        nil, kSecAttrAccessibleWhenUnlockedThisDeviceOnly, .userPresence, nil)
                else { throw KeyStoreError.Unavailable }
                item[kSecAttrAccessControl as String] = control
            }
            // A key of that name belongs to a store that is gone: Følge makes a key for a new store
            // only. The Keychain also keeps it when the app is deleted.
            try remove(name: name)
            try check(SecItemAdd(item as CFDictionary, nil))
        }

        public func load(name: String) throws -> Data? {
            var item = query(name)
            item[kSecReturnData as String] = true
            item[kSecMatchLimit as String] = kSecMatchLimitOne
            if case .userPresence(let reason) = protection {
                let context = LAContext()
                context.localizedReason = reason
                item[kSecUseAuthenticationContext as String] = context
            }
            var found: CFTypeRef?
            let status = SecItemCopyMatching(item as CFDictionary, &found)
            if status == errSecItemNotFound { return nil }
            try check(status)
            return found as? Data
        }

        public func remove(name: String) throws {
            let status = SecItemDelete(query(name) as CFDictionary)
            if status != errSecItemNotFound { try check(status) }
        }

        private func query(_ name: String) -> [String: Any] {
            [
                kSecClass as String: kSecClassGenericPassword,
                kSecAttrService as String: service,
                kSecAttrAccount as String: name,
                kSecAttrSynchronizable as String: false,
                // On macOS too, the Keychain that iOS has.
                kSecUseDataProtectionKeychain as String: true,
            ]
        }

        private func check(_ status: OSStatus) throws {
            switch status {
            case errSecSuccess: return
            case errSecUserCanceled, errSecAuthFailed: throw KeyStoreError.Refused
            // Such as errSecInteractionNotAllowed: the phone is locked.
            default: throw KeyStoreError.Unavailable
            }
        }
    }
#endif
