// swift-tools-version:6.0
import Foundation
import PackageDescription

// Følge for iOS, and for its tests on Linux and macOS. `place-bindings.sh` puts the generated code
// in place first.
//
// For an app the Rust library comes in FolgeFFI.xcframework (build-xcframework.sh). Where that is
// not there, it is linked from the folder FOLGE_LIB_DIR: enough for tests.

let here = Context.packageDirectory
let framework = FileManager.default.fileExists(atPath: "\(here)/FolgeFFI.xcframework")
let library = Context.environment["FOLGE_LIB_DIR"] ?? "\(here)/../../target/debug"

let ffi: Target =
    framework
    ? .binaryTarget(name: "FolgeFFI", path: "FolgeFFI.xcframework")
    : .systemLibrary(name: "FolgeFFI", path: "Generated/FolgeFFI")

let linking: [LinkerSetting] =
    framework
    ? []
    : [
        .linkedLibrary("folge_mobile"),
        .unsafeFlags(["-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library]),
    ]

let package = Package(
    name: "Folge",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [.library(name: "Folge", targets: ["Folge"])],
    targets: [
        ffi,
        .target(name: "Folge", dependencies: ["FolgeFFI"], linkerSettings: linking),
        .testTarget(name: "FolgeTests", dependencies: ["Folge"]),
    ],
    swiftLanguageModes: [.v6]
)
