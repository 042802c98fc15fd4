import Glibc

/// Encodings of text in old images.
enum TextEncoding {
    /// The known encodings, without hyphens and in lower case, and iconv's names for them. No other name is given to iconv: it would
    /// look for a file to load.
    private static let names: [String: String] = [
        "big5": "BIG5", "gbk": "GBK", "gb2312": "GB2312", "gb18030": "GB18030", "shiftjis": "CP932",
        "shift_jis": "CP932", "eucjp": "EUC-JP", "euckr": "EUC-KR", "koi8r": "KOI8-R",
        "windows932": "CP932", "windows936": "CP936", "windows949": "CP949", "windows950": "CP950",
        "windows1250": "CP1250", "windows1251": "CP1251", "windows1252": "CP1252", "windows1253": "CP1253",
        "windows1254": "CP1254", "windows1255": "CP1255", "windows1256": "CP1256", "windows1257": "CP1257",
        "windows1258": "CP1258", "iso88591": "ISO-8859-1", "iso88592": "ISO-8859-2",
        "iso885915": "ISO-8859-15",
    ]

    /// `bytes`, which are in the encoding called `name`, in UTF-8. Nil if the encoding is not known, or they are not in it.
    static func utf8(_ bytes: [UInt8], from name: String) -> [UInt8]? {
        let key = name.lowercased().filter { $0 != "-" }
        guard let known = names[key] else { return nil }
        let converter = unsafe iconv_open("UTF-8", known)
        // -1, as a pointer, is the value for failure.
        guard Int(bitPattern: converter) != -1 else { return nil }
        defer { _ = unsafe iconv_close(converter) }
        var input = bytes.map { CChar(bitPattern: $0) }
        // No character of these encodings takes more than 4 bytes in UTF-8.
        var output = [CChar](repeating: 0, count: bytes.count * 4)
        let (inputCount, outputCount) = (input.count, output.count)
        var left = outputCount
        let isDone = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                var (from, to) = (source.baseAddress, target.baseAddress)
                var rest = inputCount
                return unsafe iconv(converter, &from, &rest, &to, &left) != Int.max.magnitude * 2 + 1
                    && rest == 0
            }
        }
        return isDone ? output[..<(outputCount - left)].map { UInt8(bitPattern: $0) } : nil
    }
}
