import Foundation
import TestSupport
import Testing

/// Paths that are not UTF-8: each option takes them as they are, and messages show them escaped.
@Suite(.needs(.qemuImg, .tar, .xz))
struct UndecodablePathTests {
    /// Runs `script` in a new folder with an image `a.img` and a copy `$n.img` of it. `$n` is not UTF-8.
    private func run(_ script: String) throws -> ProgramResult {
        try withTemporaryFolder { folder in
            _ = try folder.file("a.img", String(repeating: "Vitrine ", count: 8192))
            let head = #"""
                set -e
                cd '\#(folder.path)'
                n=$(printf 'M\374nchen')
                cp a.img "$n.img"
                vitrine() { '\#(try Vitrine.path())' "$@"; }

                """#
            return try Program(["/bin/sh", "-c", head + script]).wait()
        }
    }

    private func expect(
        _ script: String, says output: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try run(script)
        #expect(result.status == 0, "\(result.errors)", sourceLocation: sourceLocation)
        #expect(result.errors == "", sourceLocation: sourceLocation)
        #expect(result.output == output, sourceLocation: sourceLocation)
    }

    @Test func image() throws {
        try expect(#"vitrine info "$n.img" | head -1"#, says: "M\\xFCnchen.img: raw, 64 KiB (65536 bytes)\n")
        let json = try run(#"vitrine info --json "$n.img""#)
        let object = try JSONSerialization.jsonObject(with: json.data) as? [String: Any]
        #expect(object?["image"] as? String == "M\\xFCnchen.img")
        #expect(String(validating: json.data, as: UTF8.self) != nil)
        let missing = try run(#"vitrine info "$n.none""#)
        #expect(missing.status == 1)
        #expect(missing.errors == "vitrine: M\\xFCnchen.none: No such file or directory\n")
    }

    @Test func copy() throws {
        try expect(#"vitrine copy -q "$n.img" "$n.out"; cmp a.img "$n.out"; ls | wc -l"#, says: "3\n")
        let refused = try run(#"vitrine copy a.img "$n.img""#)
        #expect(refused.errors == "vitrine: M\\xFCnchen.img exists already; --force overwrites it\n")
    }

    @Test func serve() throws {
        try expect(
            #"""
            vitrine serve "$n.img" -U "$n.sock" -P "$n.pid" --run 'test -S "$unixsocket" && test -s M*.pid && printf %s "$uri"'
            ls | wc -l
            """#, says: "nbd+unix:///?socket=M%FCnchen.sock2\n")
        try expect(#"vitrine serve a.img --run "test -s '$n.img'""#)
    }

    @Test func index() throws {
        try expect(
            #"""
            xz -k a.img
            vitrine index -q a.img.xz --output "$n.sidx"
            rm -r "$XDG_CACHE_HOME"
            vitrine info a.img.xz --index "$n.sidx" | grep -c complete
            ls *.sidx | wc -l
            """#, says: "1\n1\n")
    }

    @Test(arguments: [#""$n.img""#, #"'M\xFCnchen.img'"#])
    func member(_ name: String) throws {
        try expect(
            #"""
            truncate -s 4096 b.img
            tar cf x.tar b.img "$n.img"
            vitrine copy -q x.tar out --member \#(name)
            cmp a.img out
            """#)
    }

    @Test func references() throws {
        let make = #"""
            mkdir images "$n"
            cp a.img "$n/base"
            qemu-img create -q -f qcow2 -b "../$n/base" -F raw images/disk

            """#
        try expect(make + #"vitrine copy -q images/disk out --allow-references "$n"; cmp a.img out"#)
        try expect(make + #"vitrine copy -q images/disk out --backing-file "$n.img"; cmp a.img out"#)
        try expect(make + #"vitrine info images/disk | grep -cF 'M\xFCnchen/base'"#, says: "1\n")
        let refused = try run(make + "vitrine copy images/disk out")
        #expect(refused.errors.contains("\"../M\\xFCnchen/base\" lies outside"), "\(refused.errors)")
    }

    @Test func foldersInTheEnvironment() throws {
        try expect(
            #"""
            mkdir "$n"
            xz -k a.img
            XDG_CACHE_HOME="$PWD/$n" vitrine index -q a.img.xz
            ls "$n"/vitrine/*.sidx | wc -l
            TMPDIR="$PWD/$n" vitrine serve a.img --run 'case $unixsocket in "$TMPDIR"/*) test -S "$unixsocket" ;; *) false ;; esac'
            """#, says: "1\n")
    }
}
