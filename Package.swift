// swift-tools-version: 6.2

import PackageDescription

let house: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let fuzzTargets = [
    "extreader", "filesystems", "gzip", "grainscan", "index", "lzma2", "ovf", "partitions", "qcow2",
    "session", "tar", "vmdk", "volumes", "xz",
]
let fuzzDictionaries = ["gzip", "ovf", "partitions", "qcow2", "session", "tar", "vmdk", "volumes"]

let package = Package(
    name: "vitrine",
    products: [
        .library(name: "VitrineFormats", targets: ["VitrineFormats"]),
        .library(name: "VitrineIndex", targets: ["VitrineIndex"]),
        .executable(name: "vitrine", targets: ["vitrine"]),
    ],
    dependencies: [
        // Exactly these, in place of a Package.resolved, so that every build is of the same sources.
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    ],
    targets: [
        .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
        .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
        .systemLibrary(name: "CExpat", pkgConfig: "expat", providers: [.apt(["libexpat1-dev"])]),
        .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CExt2FS", pkgConfig: "ext2fs", providers: [.apt(["libext2fs-dev"])]),
        .target(name: "CLinux"),
        .target(name: "CExtReader", dependencies: ["CExt2FS"], linkerSettings: [.linkedLibrary("com_err")]),

        .target(
            name: "VitrineFormats",
            dependencies: [
                "CDeflate", "CExpat", "CLinux", "CLZMA", "CNettle", "CXXHash", "CZlib", "CZstd",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            path: "Sources/Formats",
            swiftSettings: house
        ),
        .target(
            name: "VitrineIndex",
            dependencies: ["VitrineFormats"],
            path: "Sources/Index",
            swiftSettings: house
        ),
        .target(
            name: "VitrineExports",
            dependencies: ["VitrineFormats", .product(name: "Logging", package: "swift-log")],
            path: "Sources/Exports",
            swiftSettings: house
        ),
        .target(
            name: "VitrineServer",
            dependencies: [
                "VitrineExports", "VitrineFormats",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Sources/Server",
            swiftSettings: house
        ),
        .target(
            name: "VitrineMount",
            dependencies: [
                "CLinux", "VitrineExports", "VitrineFormats",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Mount",
            swiftSettings: house
        ),
        .target(
            name: "VitrineFiles",
            dependencies: [
                "CExtReader", "CLinux", "VitrineFormats", "VitrineMount",
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Files",
            swiftSettings: house
        ),
        .executableTarget(
            name: "vitrine",
            dependencies: [
                "CLinux", "VitrineExports", "VitrineFiles", "VitrineFormats", "VitrineIndex", "VitrineMount",
                "VitrineServer",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/vitrine",
            swiftSettings: house
        ),

        .target(
            name: "TestSupport",
            dependencies: ["VitrineFormats", .product(name: "Logging", package: "swift-log")],
            path: "Tests/Support",
            swiftSettings: house
        ),
        .testTarget(
            name: "FormatsTests",
            dependencies: [
                "CDeflate", "CGnuTLS", "CLZMA", "CNettle", "CZlib", "CZstd",
                "TestSupport", "VitrineFormats",
            ],
            swiftSettings: house
        ),
        // Not for users: a process that tests start, and kill.
        .executableTarget(
            name: "IndexSaver",
            dependencies: ["TestSupport", "VitrineFormats", "VitrineIndex"],
            path: "Tests/IndexSaver",
            swiftSettings: house
        ),
        .testTarget(
            name: "IndexTests",
            dependencies: ["IndexSaver", "TestSupport", "VitrineFormats", "VitrineIndex"],
            swiftSettings: house
        ),
        .testTarget(
            name: "MountTests",
            dependencies: [
                "TestSupport", "VitrineExports", "VitrineFormats", "VitrineMount",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "FilesTests",
            dependencies: ["TestSupport", "VitrineFiles", "VitrineFormats"],
            swiftSettings: house
        ),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "TestSupport", "VitrineExports", "VitrineFormats", "VitrineServer",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: house
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: ["TestSupport", "VitrineFormats", "VitrineIndex", "vitrine"],
            swiftSettings: house
        ),

        .target(
            name: "FuzzTargets",
            dependencies: [
                "TestSupport", "VitrineExports", "VitrineFiles", "VitrineFormats", "VitrineIndex",
                "VitrineServer",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "tools/fuzz",
            exclude: ["libfuzzer", "replay", "run"] + fuzzTargets.map { "\($0)/kept" }
                + fuzzDictionaries.map { "\($0)/\($0).dict" },
            swiftSettings: house
        ),
        .executableTarget(
            name: "FuzzReplay",
            dependencies: ["FuzzTargets", "TestSupport"],
            path: "tools/fuzz/replay",
            swiftSettings: house
        ),
    ],
    swiftLanguageModes: [.v6]
)

// For tools/bench alone, which says what it needs.
if Context.environment["VITRINE_BENCH"] != nil {
    package.targets.append(
        .executableTarget(
            name: "BenchLZMA", dependencies: ["VitrineFormats"], path: "Tests/Bench/BenchLZMA",
            swiftSettings: house))
}

// libFuzzer has a main of its own, and needs the fuzzer's runtime: tools/fuzz/run builds it.
if Context.environment["VITRINE_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz",
            dependencies: ["FuzzTargets"],
            path: "tools/fuzz/libfuzzer",
            swiftSettings: house + [.unsafeFlags(["-parse-as-library"])]
        ))
}
