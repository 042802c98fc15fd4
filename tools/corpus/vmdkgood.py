"""The good VMDK images: by qemu-img, and by hand what it does not write.

What is made by hand has grains of 4 KiB, to be small. An extent lies beside the descriptor that names it, and is a good image of
its own where it is sparse.
"""

import os
import re
import tempfile

import data
import vmdk
from tools import run, xz_compress
from vmdk import AT_END, change, descriptor, put

GRAIN = 4096


def content(count, seed, grain=GRAIN):
    """A disk: text in some grains, noise in one, zeroes in most, and something at its very end."""
    disk = bytearray(count)

    def write(at, new):
        new = new[:max(0, count - at)]
        disk[at:at + len(new)] = new

    write(0, data.text(min(grain, GRAIN) + 1500, seed))
    write(3 * grain, data.noise(min(grain, GRAIN), seed))
    write(6 * grain + 512, data.text(700, seed + " alone"))
    write(9 * grain, data.text(min(2 * grain, 3 * GRAIN), seed + " two"))
    write(max(0, count - 900), data.text(min(900, count), seed + " end"))
    return bytes(disk)


def make(corpus):
    with tempfile.TemporaryDirectory() as folder:
        by_qemu(corpus, folder)
    sparse(corpus)
    streams(corpus)
    several(corpus)
    flat(corpus)
    esx(corpus)
    descriptors(corpus)
    chains(corpus)


def add(corpus, name, file, disk, **more):
    corpus.good(f"good-vmdk-{name}.vmdk", file, disk, "vmdk", **more)
    return f"good-vmdk-{name}.vmdk"


def by_qemu(corpus, folder):
    def path(name):
        return os.path.join(folder, name)

    def convert(name, disk, *options):
        with open(path("disk.raw"), "wb") as file:
            file.write(disk)
        run(["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", ",".join(options), "disk.raw", name], folder=folder)
        # As many digits each time, whatever the number is.
        with open(path(name), "rb") as file:
            made = file.read()
        digits = re.search(rb"\nCID=([0-9a-f]+)\n", made)
        text_end = made.index(b"\0", digits.start()) if b"\0" in made[digits.start():] else len(made)
        text = made[digits.start():text_end].replace(digits[0], b"\nCID=5eed0001\n", 1)
        return made[:digits.start()] + text + made[text_end + len(text) - (text_end - digits.start()):]

    disk = content(1_000_448, "qemu", 65_536)
    corpus.about("vmdk qemu", "monolithicSparse, without and with `zeroed_grain=on`, and streamOptimized; in xz.")
    for kind, name in (("monolithicSparse", "sparse"), ("monolithicSparse,zeroed_grain=on", "zeroed"), ("streamOptimized", "stream")):
        file = convert("image.vmdk", disk, f"subformat={kind}", *(["adapter_type=lsilogic"] if name == "zeroed" else []))
        corpus.good(f"good-vmdk-qemu-{name}.vmdk.xz", xz_compress(file, "-T1"), disk, "vmdk in xz")
    small = content(49_152, "qemu 2gb")
    for kind, name, what in (
        ("monolithicFlat", "flat", ""), ("twoGbMaxExtentFlat", "2gb-flat", ""),
        ("twoGbMaxExtentSparse", "2gb-sparse", ", which is an image of its own, though not to qemu, as it has no descriptor"),
    ):
        corpus.about("vmdk qemu", f"{kind}, with its extent{what}.")
        file = convert(f"good-vmdk-qemu-{name}.vmdk", small, f"subformat={kind}")
        [beside] = [other for other in os.listdir(folder) if other.startswith(f"good-vmdk-qemu-{name}-")]
        with open(path(beside), "rb") as held:
            extent = held.read()
        if "flat" in name:
            # It is no VMDK file, whatever its name says.
            new = f"good-raw-vmdk-qemu-{name}.raw"
            file = file.replace(beside.encode(), new.encode())
            corpus.good(new, extent, small, "raw")
        else:
            new = beside
            corpus.good(new, extent, small, "vmdk", qemu_accepts=False)
        add(corpus, f"qemu-{name}", file, small, needs=[new])


def sparse(corpus):
    disk = content(131_072, "base")

    def one(name, disk, text=None, **options):
        qemu = {key: options.pop(key) for key in ("qemu_accepts", "qemu_differs") if key in options}
        text = descriptor(f'RW {len(disk) // 512} SPARSE "{name}.vmdk"') if text is None else text
        add(corpus, name, vmdk.sparse(disk, text, **options).file, disk, **qemu)

    corpus.about("vmdk sparse", "a grain directory and its copy, 32 grains, of which seven hold something.")
    one("base", disk)
    corpus.about("vmdk sparse", "other versions.")
    one("version-2", disk, version=2, flags=7)
    one("version-3", disk, version=3)
    corpus.about("vmdk sparse", "other flags.")
    one("no-redundant", disk, flags=1)
    one("no-newline-flag", disk, flags=2)
    corpus.about("vmdk sparse", "grains of zeroes.")
    one("zeroed", zeroed_disk(disk, [1, 2, 4]), version=2, flags=7, zeroed=[1, 2, 4], keep=[5])
    corpus.about("vmdk sparse", "several tables of 16 entries.")
    one("tables", content(4 * 16 * GRAIN + 3 * GRAIN, "tables"), entries=16)
    corpus.about("vmdk sparse", "other grains.")
    one("grain-512", content(65_536, "grain 512", 512), grain=1)
    one("grain-16k", content(200_704, "grain 16k", 16_384), grain=32)
    corpus.about("vmdk sparse", "a disk that ends inside a grain.")
    one("size-odd", content(131_072 - 3 * 512, "odd"))
    # As many programs leave it: what is missing of the last grain is read as zeroes.
    short = content(131_072 - GRAIN, "cut") + data.text(2048, "cut end").ljust(GRAIN, b"\0")
    corpus.about("vmdk sparse", "a file that ends inside a grain.")
    one("cut-in-grain", short, cut=2048)
    corpus.about("vmdk sparse", "a disk of one sector.")
    one("sector-1", content(512, "sector"))
    corpus.about("vmdk sparse", "a disk of zeroes alone.")
    one("nothing", bytes(1 << 20))
    corpus.about("vmdk sparse", "no descriptor. qemu refuses this.")
    add(corpus, "no-descriptor", vmdk.sparse(disk).file, disk, qemu_accepts=False)
    made = vmdk.sparse(disk, descriptor('RW 256 SPARSE "/etc/shadow"'))
    corpus.about("vmdk sparse", "a descriptor that names another file as the extent that this file is: that one must not be opened.")
    add(corpus, "names-itself-wrongly", made.file, disk)
    corpus.about("vmdk sparse", "a descriptor that is none. qemu refuses this.")
    add(corpus, "descriptor-damaged", put(made.file, 512, b"\xff\xfe\0\1" * 16), disk, qemu_accepts=False)
    corpus.about("vmdk sparse", "zeroes for a descriptor. qemu refuses this.")
    add(corpus, "descriptor-empty", put(made.file, 512, bytes(512)), disk, qemu_accepts=False)
    corpus.about("vmdk sparse", "a descriptor past the end of the file.")
    add(corpus, "descriptor-outside", change(made.file, descriptor=1 << 20), disk)
    corpus.about("vmdk sparse", "a file that was not closed properly, as a flag says.")
    add(corpus, "unclean", change(made.file, unclean=1), disk)
    # To qemu a file goes on in zeroes, which name no tables and no grains; it has no use for the redundant ones.
    redundant = vmdk.sparse(disk, descriptor('RW 256 SPARSE "it"'))
    corpus.about("vmdk sparse", "the grain directory lies past the end of the file, and its copy does not. qemu reads zeroes.")
    add(corpus, "directory-outside", change(redundant.file, directory=1 << 40), disk, qemu_differs=True)
    corpus.about("vmdk sparse", "a grain table lies past the end of the file, and its copy does not. qemu reads zeroes.")
    add(corpus, "table-outside", put(redundant.file, redundant.directory, 1 << 30), disk, qemu_differs=True)
    # A grain of the tables that the disk has no room for.
    larger = vmdk.sparse(content(131_072 + 4 * GRAIN, "clip"), descriptor('RW 256 SPARSE "it"'))
    corpus.about("vmdk sparse", "tables that have more grains than the disk.")
    add(corpus, "grains-past-end", change(larger.file, capacity=256), content(131_072 + 4 * GRAIN, "clip")[:131_072])
    # What a grain directory entry of 1 stands for, where grains of zeroes have one.
    made = vmdk.sparse(bytes(64 * GRAIN) + disk, descriptor('RW 768 SPARSE "it"'), version=2, flags=5, entries=64)
    corpus.about("vmdk sparse", "a whole grain table of zeroes.")
    add(corpus, "table-of-zeroes", put(made.file, made.directory, 1), bytes(64 * GRAIN) + disk)


def zeroed_disk(disk, grains):
    for number in grains:
        disk = put(disk, number * GRAIN, bytes(GRAIN))
    return disk


def streams(corpus):
    disk = content(131_072 - 3 * 512, "stream")
    text = descriptor('RW 253 SPARSE "generated-stream.vmdk"', kind="streamOptimized")

    def one(name, made, **more):
        return add(corpus, f"stream-{name}", made.file if isinstance(made, vmdk.Extent) else made, disk, **more)

    footer = vmdk.stream(disk, text)
    corpus.about("vmdk streams", "the grain directory at the end, with a footer.")
    one("footer", footer)
    corpus.about("vmdk streams", "the grain directory in front, as by qemu, without a copy.")
    one("front", vmdk.stream(disk, text, "front"))
    corpus.about("vmdk streams", "the grain directory in front, as by qemu, with a copy.")
    one("front-redundant", vmdk.stream(disk, text, "front", flags=0x30003))
    corpus.about("vmdk streams", "the grain directory at the end, with its place in the header too.")
    one("patched", vmdk.stream(disk, text, "patched"))
    corpus.about("vmdk streams", "an older version.")
    one("version-1", vmdk.stream(disk, text, version=1))
    corpus.about("vmdk streams", "no descriptor, which qemu refuses.")
    one("no-descriptor", vmdk.stream(disk), qemu_accepts=False)
    # Noise that is stored takes more than a grain.
    corpus.about("vmdk streams", "compressed grains that are larger than the grain.")
    one("stored", vmdk.stream(disk, text, levels={number: 0 for number in range(32)}))
    corpus.about("vmdk streams", "grains in another order.")
    one("disordered", vmdk.stream(disk, text, order=[31, 9, 0, 6, 3, 10, 1]))
    corpus.about("vmdk streams", "many tables of four entries.")
    one("tables", vmdk.stream(disk, text, entries=4))
    zeroed = vmdk.stream(disk, text, flags=0x30005, zeroed=[2, 4])
    corpus.about("vmdk streams", "grains of zeroes.")
    one("zeroed", zeroed)
    # The first grain is in sector 1, which a table entry of 1 means where it cannot stand for zeroes.
    corpus.about("vmdk streams", "the first grain follows the header, in sector 1; without a descriptor, which qemu refuses.")
    one("sector-1-footer", vmdk.stream(disk, first=1), qemu_accepts=False)
    # To qemu a disk takes a descriptor, which is in sector 1 unless it is in a file of its own.
    corpus.about("vmdk streams",
                 "the first grain follows the header, in sector 1; the extent of `good-vmdk-stream-sector-1.vmdk`. Alone qemu "
                 "refuses it.")
    inner = one("sector-1-extent", vmdk.stream(disk, layout="patched", first=1), qemu_accepts=False)
    corpus.about("vmdk streams", "the first grain follows the header, in sector 1; with a descriptor beside it.")
    one("sector-1", descriptor(f'RW 253 SPARSE "{inner}"', kind="twoGbMaxExtentSparse"), needs=[inner])
    # qemu looks for the footer at the very end alone.
    corpus.about("vmdk streams", "text behind the end of the stream. qemu refuses this.")
    one("trailing-text", footer.file + b"# another descriptor, as if by mistake\n", qemu_accepts=False)
    corpus.about("vmdk streams", "noise behind the end of the stream. qemu refuses this.")
    one("trailing-noise", footer.file + data.noise(70_000, "trailing"), qemu_accepts=False)
    corpus.about("vmdk streams", "zeroes behind the end of the stream. qemu refuses this.")
    one("padded", footer.file + bytes(20 * 512), qemu_accepts=False)
    corpus.about("vmdk streams", "zeroes behind the end of the stream, with the directory in front.")
    one("padded-front", vmdk.stream(disk, text, "front").file + bytes(20 * 512))
    corpus.about("vmdk streams", "no mark of the end of the stream. qemu refuses this.")
    one("no-end", footer.file[:-512], qemu_accepts=False)
    # The grain directory in front of the footer is found where that is missing, or damaged.
    at = footer.footer
    corpus.about("vmdk streams", "a footer that is missing. The directory is in front of it. qemu refuses this.")
    one("footer-none", footer.file[:at - 512], qemu_accepts=False)
    one("footer-cut", footer.file[:at + 100], qemu_accepts=False)
    corpus.about("vmdk streams", "a footer that is none. The directory is in front of it. qemu refuses this.")
    one("footer-magic", change(footer.file, at, magic=b"KDMW"), qemu_accepts=False)
    corpus.about("vmdk streams", "a footer that says that there is a footer. The directory is in front of it. qemu refuses this.")
    one("footer-at-end", change(footer.file, at, directory=AT_END), qemu_accepts=False)
    corpus.about("vmdk streams", "a footer of another disk, with other grains. The directory is in front of it. qemu refuses this.")
    one("footer-grain", change(footer.file, at, grain=2), qemu_accepts=False)
    corpus.about("vmdk streams", "a footer of another disk, of another size. The directory is in front of it. qemu reads something else.")
    one("footer-capacity", change(footer.file, at, capacity=16), qemu_differs=True)
    corpus.about("vmdk streams",
                 "a footer that lies about the grain directory. The directory is in front of it. qemu reads something else.")
    one("footer-directory-outside", change(footer.file, at, directory=1 << 30), qemu_differs=True)
    one("footer-directory-0", change(footer.file, at, directory=0), qemu_differs=True)
    front = vmdk.stream(disk, text, "front").file
    corpus.about("vmdk streams", "no mark of the end of the stream, with the directory in front.")
    one("front-no-end", front[:-512])
    # The last grain holds all of a grain, and not what the disk takes of it alone.
    whole = disk + bytes(3 * 512)
    corpus.about("vmdk streams", "a last grain that holds more than the disk has of it.")
    one("last-grain-whole", change(vmdk.stream(whole, text, "front").file, capacity=253))
    big = content(3 * 65_536, "64k", 65_536)
    made = vmdk.stream(big, descriptor(f'RW {len(big) // 512} SPARSE "it"', kind="streamOptimized"), grain=128, levels={3: 0})
    corpus.about("vmdk streams", "grains of 64 KiB.")
    add(corpus, "stream-64k", made.file, big)


def extents(corpus, name, *parts):
    """Sparse extents, each an image of its own; returns their names."""
    names = []
    for index, part in enumerate(parts):
        names.append(add(corpus, f"{name}-s{index + 1:03d}", vmdk.sparse(part).file, part, qemu_accepts=False))
    return names


def several(corpus):
    parts = [content(count, f"several {count}") for count in (65_536, 40_960, 24_576)]
    corpus.about("vmdk extents", "three sparse extents, and their descriptor.")
    names = extents(corpus, "2gb-sparse", *parts)
    lines = [f'RW {len(part) // 512} SPARSE "{name}"' for part, name in zip(parts, names)]
    add(corpus, "2gb-sparse", descriptor(*lines, kind="twoGbMaxExtentSparse"), b"".join(parts), needs=names)
    corpus.about("vmdk extents", "the same under the other name that VMware has for this. qemu does not know it.")
    add(corpus, "2gb-sparse-other-name", descriptor(*lines, kind="2GbMaxExtentSparse"), b"".join(parts), needs=names, qemu_accepts=False)
    # A descriptor in a file that has a header, and no data.
    text = descriptor(*lines, kind="twoGbMaxExtentSparse")
    head = change(vmdk.sparse(bytes(512), text).file, capacity=0)
    corpus.about("vmdk extents", "their descriptor behind a header that has no data.")
    add(corpus, "descriptor-in-header", head[:512 * (1 + vmdk.sectors(text))], b"".join(parts), needs=names)

    # Extents of another size than the descriptor says: clipped, and with zeroes behind.
    lines = [f'RW {count} SPARSE "{name}"' for count, name in zip((100, 96, 48), names)]
    disk = parts[0][:100 * 512] + parts[1].ljust(96 * 512, b"\0") + parts[2]
    corpus.about("vmdk extents", "the same extents, in other sizes than they have. qemu does not see that.")
    add(corpus, "2gb-sizes", descriptor(*lines, kind="twoGbMaxExtentSparse"), disk, needs=names, qemu_differs=True)

    # A stream may be an extent.
    disk = content(65_536, "stream extent")
    corpus.about("vmdk extents", "a stream as an extent. qemu refuses it.")
    inner = add(corpus, "stream-extent", vmdk.stream(disk).file, disk, qemu_accepts=False)
    corpus.about("vmdk extents", "the descriptor of a stream as an extent. qemu refuses it.")
    add(corpus, "stream-in-descriptor", descriptor(f'RW 128 SPARSE "{inner}"', kind="streamOptimized"), disk, needs=[inner], qemu_accepts=False)


def flat(corpus):
    raw = content(49_152, "flat")
    name = "good-raw-vmdk-flat.raw"
    corpus.about("vmdk extents", "a flat extent.")
    corpus.good(name, raw, raw, "raw")

    def one(file, kind, disk, *lines, **more):
        add(corpus, file, descriptor(*lines, kind=kind), disk, needs=[name], **more)

    corpus.about("vmdk extents", "a flat extent, whole.")
    one("flat", "monolithicFlat", raw, f'RW 96 FLAT "{name}" 0')
    corpus.about("vmdk extents", "a flat extent in parts.")
    one("flat-offsets", "twoGbMaxExtentFlat", raw[30_720:] + raw[:4096] + raw[512:1024], f'RW 36 FLAT "{name}" 60',
        f'RW 8 FLAT "{name}" 0', f'RW 1 FLAT "{name}" 1')
    corpus.about("vmdk extents", "a flat extent without an offset, which qemu refuses.")
    one("flat-no-offset", "2GbMaxExtentFlat", raw, f'RW 96 FLAT "{name}"', qemu_accepts=False)
    corpus.about("vmdk extents", "flat extents of ESX. qemu reads `good-vmdk-vmfs.vmdk` alone.")
    for kind in ("vmfs", "vmfsPreallocated", "vmfsEagerZeroedThick", "vmfsThin"):
        one(kind.lower(), kind, raw, f'RW 96 VMFS "{name}"', qemu_accepts=kind == "vmfs")
    corpus.about("vmdk extents", "a flat extent of ESX with an offset. qemu does not read it.")
    one("vmfs-offset", "vmfs", raw[1024:], f'RW 94 VMFS "{name}" 2', qemu_accepts=False)
    # qemu passes over these lines, and what follows moves up.
    corpus.about("vmdk extents", "extents of zeroes. qemu refuses this.")
    one("zero", "custom", bytes(5120) + raw + bytes(512), "RW 10 ZERO", f'RW 96 FLAT "{name}" 0', "RW 1 ZERO", qemu_accepts=False)
    corpus.about("vmdk extents", "an extent of zeroes. qemu leaves it out, and everything behind it moves.")
    one("zero-2gb", "twoGbMaxExtentFlat", raw[:1024] + bytes(5120) + raw[1024:2048], f'RW 2 FLAT "{name}" 0', "RW 10 ZERO",
        f'RW 2 FLAT "{name}" 2', qemu_differs=True)
    corpus.about("vmdk extents",
                 "extents that are not to be written to or used by the guest. qemu leaves them out, and everything behind them "
                 "moves.")
    one("access", "twoGbMaxExtentFlat", raw[:1024] + raw[4096:5120] + raw[2048:3072], f'RDONLY 2 FLAT "{name}" 0', f'NOACCESS 2 FLAT "{name}" 8',
        f'RW 2 FLAT "{name}" 4', qemu_differs=True)


def esx(corpus):
    disk = content(3 * 4096 * 512 + 5 * 512, "cowd", 512)
    file, _ = vmdk.cowd(disk)
    corpus.about("vmdk extents", "what ESX keeps snapshots in (COWD), with grains of 512 bytes. To qemu the extent is no image of its own.")
    extent = add(corpus, "cowd-extent", file, disk, qemu_accepts=False)
    sectors = len(disk) // 512
    add(corpus, "cowd", descriptor(f'RW {sectors} VMFSSPARSE "{extent}"', kind="vmfsSparse"), disk, needs=[extent])
    disk = content(1 << 20, "cowd grain 4k")
    file, _ = vmdk.cowd(disk, grain=8)
    corpus.about("vmdk extents", "likewise with grains of 4 KiB.")
    extent = add(corpus, "cowd-4k-extent", file, disk, qemu_accepts=False)
    add(corpus, "cowd-4k", descriptor(f'RW 2048 VMFSSPARSE "{extent}"', kind="vmfsSparse"), disk, needs=[extent])

    disk = content((17 << 20) + 3 * 512, "sesparse")
    made = vmdk.se_sparse(disk, unmapped=[20, 4300], zeroed=[21])
    extent = "unsupported-vmdk-sesparse-extent.vmdk"
    corpus.about("vmdk extents", "what ESX keeps snapshots in, as seSparse. The extent is no image of its own.")
    corpus.bad(extent, made.file, "an seSparse extent, which a descriptor names; must fail at open")
    add(corpus, "sesparse", descriptor(f'RW {len(disk) // 512} SESPARSE "{extent}"', kind="seSparse"), disk, needs=[extent])


def descriptors(corpus):
    raw = content(49_152, "flat")
    name = "good-raw-vmdk-flat.raw"
    line = f'RW 96 FLAT "{name}" 0'

    def one(file, text, disk=raw, needs=(name,), **more):
        add(corpus, file, text, disk, needs=list(needs), **more)

    corpus.about("vmdk descriptors", "other ends of lines.")
    one("text-crlf", descriptor(line, kind="monolithicFlat", newline="\r\n"))
    corpus.about("vmdk descriptors", "UTF-8 as the declared encoding.")
    one("text-utf-8", descriptor(line, kind="monolithicFlat", encoding="UTF-8"))
    corpus.about("vmdk descriptors", "a mark of UTF-8 in front.")
    one("text-mark", b"\xef\xbb\xbf" + descriptor(line, kind="monolithicFlat"))
    loose = descriptor(f'  rw   96\tFlat  "{name}"   0  ', kind="monolithicFlat", head="\n  #   disk   DESCRIPTORFILE")
    loose = loose.replace(b"CID=", b"cid = ", 1).replace(b"parentCID=", b"ParentCID  =  ").replace(b"createType=", b"CREATETYPE = ")
    corpus.about("vmdk descriptors", "blanks and case as they come. qemu refuses this.")
    one("text-loose", loose, qemu_accepts=False)
    corpus.about("vmdk descriptors", "no quotes. qemu refuses this.")
    one("text-no-quotes", descriptor(f"RW 96 FLAT {name} 0", kind="monolithicFlat").replace(b'"monolithicFlat"', b"monolithicFlat"),
        qemu_accepts=False)
    corpus.about("vmdk descriptors", "two lines and no more. qemu refuses this.")
    one("text-bare", f"version=1\nRW 96 FLAT \"{name}\" 0".encode(), qemu_accepts=False)
    corpus.about("vmdk descriptors", "text behind a NUL, which is none of it.")
    one("text-nul", descriptor(line, kind="monolithicFlat") + b"\0RW x FLAT nothing\n" + bytes(100))
    corpus.about("vmdk descriptors", "VirtualBox's lines.")
    one("text-virtualbox", descriptor(line, "ddb.uuid.image=\"c0ffee00-0000-4000-8000-000000000001\"", "ddb.uuid.parent=\"\"",
                                      kind="monolithicFlat").replace(b"# The Disk Data Base", b"# The disk Data Base"))
    corpus.about("vmdk descriptors", "unknown lines.")
    one("text-unknown", descriptor(line, "changeTrackPath=\"x-ctk.vmdk\"", "isNativeSnapshot=\"no\"", "what=\"is this\"", kind="monolithicFlat"))
    corpus.about("vmdk descriptors", "an extent with a partition's name.")
    one("text-device-id", descriptor(f'RW 96 FLAT "{name}" 0 "a partition" 4711', kind="monolithicFlat"))
    spaced = 'good-raw-vmdk-with "a name".raw'
    corpus.about("vmdk descriptors", "a name with quotes in it. qemu refuses it.")
    corpus.good(spaced, raw[:512], raw[:512], "raw")
    one("text-quotes", descriptor(f'RW 1 FLAT "{spaced}" 0', kind="monolithicFlat"), raw[:512], [spaced], qemu_accepts=False)
    accented = "good-raw-vmdk-caf\u00e9.raw"
    corpus.about("vmdk descriptors", "a name in UTF-8, as declared.")
    corpus.good(accented, raw[512:1024], raw[512:1024], "raw")
    line = f'RW 1 FLAT "{accented}" 0'
    one("text-utf-8-name", descriptor(line, kind="monolithicFlat", encoding="UTF-8"), raw[512:1024], [accented])
    corpus.about("vmdk descriptors", "the same name in Windows-1252, as declared. qemu does not find the file by it.")
    one("text-windows-1252", descriptor(line, kind="monolithicFlat", encoding="windows-1252"), raw[512:1024], [accented], qemu_accepts=False)
    # In GBK the second byte of a character may be a backslash, as it is in the last of these.
    chinese = "good-raw-vmdk-\u4e2d\u8aa0.raw"
    corpus.about("vmdk descriptors", "likewise in GBK, where the second byte of a character may be one of ASCII.")
    corpus.good(chinese, raw[1024:1536], raw[1024:1536], "raw")
    one("text-gbk", descriptor(f'RW 1 FLAT "{chinese}" 0', kind="monolithicFlat", encoding="GBK"), raw[1024:1536], [chinese], qemu_accepts=False)
    corpus.about("vmdk descriptors", "300 lines about the disk.")
    one("text-ddb-many", descriptor(f'RW 96 FLAT "{name}" 0', *(f'ddb.key{number} = "{number}"' for number in range(300)), kind="monolithicFlat"))


def over(lower, seed):
    """A disk over another, and the grains that it holds of its own."""
    disk, held = bytearray(lower), {}
    for number, new in ((2, data.text(GRAIN, seed)), (3, bytes(GRAIN)), (11, data.noise(GRAIN, seed))):
        disk[number * GRAIN:(number + 1) * GRAIN] = new
        held[number] = new
    own = bytearray(len(lower))
    for number, new in held.items():
        own[number * GRAIN:(number + 1) * GRAIN] = new
    return bytes(disk), bytes(own), list(held)


def chains(corpus):
    base = content(131_072, "parent")
    corpus.about("vmdk parents", "the lowest of three generations.")
    parent = add(corpus, "parent", vmdk.sparse(base, descriptor('RW 256 SPARSE "it"', identifier="0badcafe")).file, base)
    hint = f'parentFileNameHint="{parent}"'

    disk, own, keep = over(base, "child")
    text = descriptor('RW 256 SPARSE "it"', hint, identifier="0badcaff", parent="0badcafe")
    corpus.about("vmdk parents", "a child.")
    child = add(corpus, "child", vmdk.sparse(own, text, keep=keep).file, disk, needs=[parent])
    text = descriptor('RW 256 SPARSE "it"', hint, identifier="0badcaff", parent="0badcafe")
    zeroes = vmdk.sparse(own, text, keep=keep, version=2, flags=7, zeroed=[0, 9])
    corpus.about("vmdk parents", "a child with grains of zeroes.")
    add(corpus, "child-zeroed", zeroes.file, zeroed_disk(disk, [0, 9]), needs=[parent])
    text = descriptor('RW 256 SPARSE "it"', f'parentFileNameHint="{child}"', identifier="0badcb00", parent="0badcaff")
    second, own_second, keep_second = over(disk, "grandchild")
    corpus.about("vmdk parents", "a child of `good-vmdk-child.vmdk`.")
    add(corpus, "grandchild", vmdk.sparse(own_second, text, keep=keep_second).file, second, needs=[child, parent])
    # A parent in several extents, of which one is a child's as well.
    halves = [own[:65_536], own[65_536:]]
    names = []
    corpus.about("vmdk parents", "a child in two extents.")
    for index, part in enumerate(halves):
        kept = [number - 16 * index for number in keep if number // 16 == index]
        made = vmdk.sparse(part, keep=kept)
        names.append(add(corpus, f"child-2gb-s{index + 1:03d}", made.file, part, qemu_accepts=False))
    lines = [f'RW 128 SPARSE "{name}"' for name in names]
    add(corpus, "child-2gb", descriptor(*lines, hint, kind="twoGbMaxExtentSparse", parent="0badcafe"), disk, needs=[*names, parent])

    raw = content(49_152, "flat")
    corpus.about("vmdk parents", "a flat parent.")
    flat = add(corpus, "flat-parent", descriptor('RW 96 FLAT "good-raw-vmdk-flat.raw" 0', kind="monolithicFlat", identifier="00000abc"), raw,
               needs=["good-raw-vmdk-flat.raw"])
    disk, own, keep = over(raw, "delta")
    hint = f'parentFileNameHint="{flat}"'
    needs = [flat, "good-raw-vmdk-flat.raw"]
    text = descriptor('RW 96 SPARSE "it"', hint, parent="00000abc")
    corpus.about("vmdk parents", "a child of the flat parent.")
    add(corpus, "child-of-flat", vmdk.sparse(own, text, keep=keep).file, disk, needs=needs)
    # ESX's own snapshots.
    file, _ = vmdk.cowd(own, keep=[number * 8 + sector for number in keep for sector in range(8)])
    corpus.about("vmdk parents", "a child of the flat parent by ESX, in COWD.")
    extent = add(corpus, "delta-cowd", file, own, qemu_accepts=False)
    add(corpus, "child-cowd", descriptor(f'RW 96 VMFSSPARSE "{extent}"', hint, kind="vmfsSparse", parent="00000abc"), disk, needs=[extent, *needs])
    made = vmdk.se_sparse(own, keep=keep, unmapped=[0])
    extent = "unsupported-vmdk-delta-sesparse.vmdk"
    corpus.about("vmdk parents", "a child of the flat parent by ESX, in seSparse.")
    corpus.bad(extent, made.file, "an seSparse extent, which a descriptor names; must fail at open")
    add(corpus, "child-sesparse", descriptor(f'RW 96 SESPARSE "{extent}"', hint, kind="seSparse", parent="00000abc"),
        zeroed_disk(disk, [0]), needs=[extent, *needs])
    # A parent that is shorter: what it lacks is zeroes.
    longer = own + bytes(32_768)
    text = descriptor(f'RW {len(longer) // 512} SPARSE "it"', hint, parent="00000abc")
    corpus.about("vmdk parents", "a child of the flat parent, which is longer than that.")
    add(corpus, "child-longer", vmdk.sparse(longer, text, keep=keep).file, disk + bytes(32_768), needs=needs)
