// swift-tools-version: 6.2

import PackageDescription

let house: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "vitrine",
    products: [
        .library(name: "VitrineFormats", targets: ["VitrineFormats"]),
        .library(name: "VitrineIndex", targets: ["VitrineIndex"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    ],
    targets: [
        .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CGnuTLS", pkgConfig: "gnutls", providers: [.apt(["libgnutls28-dev"])]),
        .systemLibrary(name: "CNettle", pkgConfig: "nettle", providers: [.apt(["nettle-dev"])]),
        .target(name: "CLinux"),

        .target(
            name: "VitrineFormats",
            dependencies: [
                "CLinux", "CLZMA", "CNettle",
                .product(name: "DequeModule", package: "swift-collections"),
            ],
            path: "Sources/Formats",
            swiftSettings: house
        ),
        .target(
            name: "VitrineIndex",
            dependencies: ["VitrineFormats", "CNettle"],
            path: "Sources/Index",
            swiftSettings: house
        ),
        .target(
            name: "TestSupport",
            dependencies: ["VitrineFormats"],
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
        .testTarget(
            name: "IndexTests",
            dependencies: ["TestSupport", "VitrineFormats", "VitrineIndex"],
            swiftSettings: house
        ),
    ],
    swiftLanguageModes: [.v6]
)
