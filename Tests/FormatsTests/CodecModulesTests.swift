import CDeflate
import CGnuTLS
import CLZMA
import CNettle
import CZlib
import CZstd
import Testing

@testable import VitrineFormats

/// Checks that every C library is there and linked.
@Suite struct CodecModulesTests {
    @Test func librariesAreAtLeastThoseOfDebian12() {
        #expect(lzma_version_number() >= 50_040_012)
        #expect(ZSTD_versionNumber() >= 10_504)
        // By number: as text, 1.10 comes before 1.2.
        let zlib = unsafe String(cString: zlibVersion()).split(separator: ".").prefix(3).map { part in
            Int(part.prefix { $0.isNumber }) ?? 0
        }
        #expect(!zlib.lexicographicallyPrecedes([1, 2, 13]), "\(zlib)")
        #expect(unsafe gnutls_check_version("3.7.9") != nil)
        let compressor = unsafe libdeflate_alloc_compressor(6)
        #expect(unsafe compressor != nil)
        unsafe libdeflate_free_compressor(compressor)
    }

    /// Compares with the check values of the CRC catalogue, and of FIPS 180-4, for "123456789" and "abc".
    @Test func checksumsAreThePublishedOnes() {
        #expect(CRC32.of("123456789".utf8) == 0xCBF4_3926)
        var crc64 = CRC64()
        crc64.update(Array("123456789".utf8).span)
        #expect(crc64.value == 0x995D_C9BB_DF19_39FA)
        var hash = SHA256()
        hash.update(Array("abc".utf8).span)
        #expect(hex(hash.digest().prefix(4)) == "ba 78 16 bf")
    }
}
