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
    for kind, name in (("monolithicSparse", "sparse"), ("monolithicSparse,zeroed_grain=on", "zeroed"), ("streamOptimized", "stream")):
        file = convert("image.vmdk", disk, f"subformat={kind}", *(["adapter_type=lsilogic"] if name == "zeroed" else []))
        corpus.good(f"good-vmdk-qemu-{name}.vmdk.xz", xz_compress(file, "-T1"), disk, "vmdk in xz")
    small = content(49_152, "qemu 2gb")
    for kind, name in (("monolithicFlat", "flat"), ("twoGbMaxExtentFlat", "2gb-flat"), ("twoGbMaxExtentSparse", "2gb-sparse")):
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

    one("base", disk)
    one("version-2", disk, version=2, flags=7)
    one("version-3", disk, version=3)
    one("no-redundant", disk, flags=1)
    one("no-newline-flag", disk, flags=2)
    one("zeroed", zeroed_disk(disk, [1, 2, 4]), version=2, flags=7, zeroed=[1, 2, 4], keep=[5])
    one("tables", content(4 * 16 * GRAIN + 3 * GRAIN, "tables"), entries=16)
    one("grain-512", content(65_536, "grain 512", 512), grain=1)
    one("grain-16k", content(200_704, "grain 16k", 16_384), grain=32)
    one("size-odd", content(131_072 - 3 * 512, "odd"))
    # As many programs leave it: what is missing of the last grain is read as zeroes.
    short = content(131_072 - GRAIN, "cut") + data.text(2048, "cut end").ljust(GRAIN, b"\0")
    one("cut-in-grain", short, cut=2048)
    one("sector-1", content(512, "sector"))
    one("nothing", bytes(1 << 20))
    add(corpus, "no-descriptor", vmdk.sparse(disk).file, disk, qemu_accepts=False)
    made = vmdk.sparse(disk, descriptor('RW 256 SPARSE "/etc/shadow"'))
    add(corpus, "names-itself-wrongly", made.file, disk)
    add(corpus, "descriptor-damaged", put(made.file, 512, b"\xff\xfe\0\1" * 16), disk, qemu_accepts=False)
    add(corpus, "descriptor-empty", put(made.file, 512, bytes(512)), disk, qemu_accepts=False)
    add(corpus, "descriptor-outside", change(made.file, descriptor=1 << 20), disk)
    add(corpus, "unclean", change(made.file, unclean=1), disk)
    # To qemu a file goes on in zeroes, which name no tables and no grains; it has no use for the redundant ones.
    redundant = vmdk.sparse(disk, descriptor('RW 256 SPARSE "it"'))
    add(corpus, "directory-outside", change(redundant.file, directory=1 << 40), disk, qemu_differs=True)
    add(corpus, "table-outside", put(redundant.file, redundant.directory, 1 << 30), disk, qemu_differs=True)
    # A grain of the tables that the disk has no room for.
    larger = vmdk.sparse(content(131_072 + 4 * GRAIN, "clip"), descriptor('RW 256 SPARSE "it"'))
    add(corpus, "grains-past-end", change(larger.file, capacity=256), content(131_072 + 4 * GRAIN, "clip")[:131_072])
    # What a grain directory entry of 1 stands for, where grains of zeroes have one.
    made = vmdk.sparse(bytes(64 * GRAIN) + disk, descriptor('RW 768 SPARSE "it"'), version=2, flags=5, entries=64)
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
    one("footer", footer)
    one("front", vmdk.stream(disk, text, "front"))
    one("front-redundant", vmdk.stream(disk, text, "front", flags=0x30003))
    one("patched", vmdk.stream(disk, text, "patched"))
    one("version-1", vmdk.stream(disk, text, version=1))
    one("no-descriptor", vmdk.stream(disk), qemu_accepts=False)
    # Noise that is stored takes more than a grain.
    one("stored", vmdk.stream(disk, text, levels={number: 0 for number in range(32)}))
    one("disordered", vmdk.stream(disk, text, order=[31, 9, 0, 6, 3, 10, 1]))
    one("tables", vmdk.stream(disk, text, entries=4))
    zeroed = vmdk.stream(disk, text, flags=0x30005, zeroed=[2, 4])
    one("zeroed", zeroed)
    # The first grain is in sector 1, which a table entry of 1 means where it cannot stand for zeroes.
    one("sector-1-footer", vmdk.stream(disk, first=1), qemu_accepts=False)
    # To qemu a disk takes a descriptor, which is in sector 1 unless it is in a file of its own.
    inner = one("sector-1-extent", vmdk.stream(disk, layout="patched", first=1), qemu_accepts=False)
    one("sector-1", descriptor(f'RW 253 SPARSE "{inner}"', kind="twoGbMaxExtentSparse"), needs=[inner])
    # qemu looks for the footer at the very end alone.
    one("trailing-text", footer.file + b"# another descriptor, as if by mistake\n", qemu_accepts=False)
    one("trailing-noise", footer.file + data.noise(70_000, "trailing"), qemu_accepts=False)
    one("padded", footer.file + bytes(20 * 512), qemu_accepts=False)
    one("padded-front", vmdk.stream(disk, text, "front").file + bytes(20 * 512))
    one("no-end", footer.file[:-512], qemu_accepts=False)
    # The grain directory in front of the footer is found where that is missing, or damaged.
    at = footer.footer
    one("footer-none", footer.file[:at - 512], qemu_accepts=False)
    one("footer-cut", footer.file[:at + 100], qemu_accepts=False)
    one("footer-magic", change(footer.file, at, magic=b"KDMW"), qemu_accepts=False)
    one("footer-at-end", change(footer.file, at, directory=AT_END), qemu_accepts=False)
    one("footer-grain", change(footer.file, at, grain=2), qemu_accepts=False)
    one("footer-capacity", change(footer.file, at, capacity=16), qemu_differs=True)
    one("footer-directory-outside", change(footer.file, at, directory=1 << 30), qemu_differs=True)
    one("footer-directory-0", change(footer.file, at, directory=0), qemu_differs=True)
    front = vmdk.stream(disk, text, "front").file
    one("front-no-end", front[:-512])
    # The last grain holds all of a grain, and not what the disk takes of it alone.
    whole = disk + bytes(3 * 512)
    one("last-grain-whole", change(vmdk.stream(whole, text, "front").file, capacity=253))
    big = content(3 * 65_536, "64k", 65_536)
    made = vmdk.stream(big, descriptor(f'RW {len(big) // 512} SPARSE "it"', kind="streamOptimized"), grain=128, levels={3: 0})
    add(corpus, "stream-64k", made.file, big)


def extents(corpus, name, *parts):
    """Sparse extents, each an image of its own; returns their names."""
    names = []
    for index, part in enumerate(parts):
        names.append(add(corpus, f"{name}-s{index + 1:03d}", vmdk.sparse(part).file, part, qemu_accepts=False))
    return names


def several(corpus):
    parts = [content(count, f"several {count}") for count in (65_536, 40_960, 24_576)]
    names = extents(corpus, "2gb-sparse", *parts)
    lines = [f'RW {len(part) // 512} SPARSE "{name}"' for part, name in zip(parts, names)]
    add(corpus, "2gb-sparse", descriptor(*lines, kind="twoGbMaxExtentSparse"), b"".join(parts), needs=names)
    add(corpus, "2gb-sparse-other-name", descriptor(*lines, kind="2GbMaxExtentSparse"), b"".join(parts), needs=names, qemu_accepts=False)
    # A descriptor in a file that has a header, and no data.
    text = descriptor(*lines, kind="twoGbMaxExtentSparse")
    head = change(vmdk.sparse(bytes(512), text).file, capacity=0)
    add(corpus, "descriptor-in-header", head[:512 * (1 + vmdk.sectors(text))], b"".join(parts), needs=names)

    # Extents of another size than the descriptor says: clipped, and with zeroes behind.
    lines = [f'RW {count} SPARSE "{name}"' for count, name in zip((100, 96, 48), names)]
    disk = parts[0][:100 * 512] + parts[1].ljust(96 * 512, b"\0") + parts[2]
    add(corpus, "2gb-sizes", descriptor(*lines, kind="twoGbMaxExtentSparse"), disk, needs=names, qemu_differs=True)

    # A stream may be an extent.
    disk = content(65_536, "stream extent")
    inner = add(corpus, "stream-extent", vmdk.stream(disk).file, disk, qemu_accepts=False)
    add(corpus, "stream-in-descriptor", descriptor(f'RW 128 SPARSE "{inner}"', kind="streamOptimized"), disk, needs=[inner], qemu_accepts=False)


def flat(corpus):
    raw = content(49_152, "flat")
    name = "good-raw-vmdk-flat.raw"
    corpus.good(name, raw, raw, "raw")

    def one(file, kind, disk, *lines, **more):
        add(corpus, file, descriptor(*lines, kind=kind), disk, needs=[name], **more)

    one("flat", "monolithicFlat", raw, f'RW 96 FLAT "{name}" 0')
    one("flat-offsets", "twoGbMaxExtentFlat", raw[30_720:] + raw[:4096] + raw[512:1024], f'RW 36 FLAT "{name}" 60',
        f'RW 8 FLAT "{name}" 0', f'RW 1 FLAT "{name}" 1')
    one("flat-no-offset", "2GbMaxExtentFlat", raw, f'RW 96 FLAT "{name}"', qemu_accepts=False)
    for kind in ("vmfs", "vmfsPreallocated", "vmfsEagerZeroedThick", "vmfsThin"):
        one(kind.lower(), kind, raw, f'RW 96 VMFS "{name}"', qemu_accepts=kind == "vmfs")
    one("vmfs-offset", "vmfs", raw[1024:], f'RW 94 VMFS "{name}" 2', qemu_accepts=False)
    # qemu passes over these lines, and what follows moves up.
    one("zero", "custom", bytes(5120) + raw + bytes(512), "RW 10 ZERO", f'RW 96 FLAT "{name}" 0', "RW 1 ZERO", qemu_accepts=False)
    one("zero-2gb", "twoGbMaxExtentFlat", raw[:1024] + bytes(5120) + raw[1024:2048], f'RW 2 FLAT "{name}" 0', "RW 10 ZERO",
        f'RW 2 FLAT "{name}" 2', qemu_differs=True)
    one("access", "twoGbMaxExtentFlat", raw[:1024] + raw[4096:5120] + raw[2048:3072], f'RDONLY 2 FLAT "{name}" 0', f'NOACCESS 2 FLAT "{name}" 8',
        f'RW 2 FLAT "{name}" 4', qemu_differs=True)


def esx(corpus):
    disk = content(3 * 4096 * 512 + 5 * 512, "cowd", 512)
    file, _ = vmdk.cowd(disk)
    extent = add(corpus, "cowd-extent", file, disk, qemu_accepts=False)
    sectors = len(disk) // 512
    add(corpus, "cowd", descriptor(f'RW {sectors} VMFSSPARSE "{extent}"', kind="vmfsSparse"), disk, needs=[extent])
    disk = content(1 << 20, "cowd grain 4k")
    file, _ = vmdk.cowd(disk, grain=8)
    extent = add(corpus, "cowd-4k-extent", file, disk, qemu_accepts=False)
    add(corpus, "cowd-4k", descriptor(f'RW 2048 VMFSSPARSE "{extent}"', kind="vmfsSparse"), disk, needs=[extent])

    disk = content((17 << 20) + 3 * 512, "sesparse")
    made = vmdk.se_sparse(disk, unmapped=[20, 4300], zeroed=[21])
    extent = "unsupported-vmdk-sesparse-extent.vmdk"
    corpus.bad(extent, made.file, "an seSparse extent, which a descriptor names; must fail at open")
    add(corpus, "sesparse", descriptor(f'RW {len(disk) // 512} SESPARSE "{extent}"', kind="seSparse"), disk, needs=[extent])


def descriptors(corpus):
    raw = content(49_152, "flat")
    name = "good-raw-vmdk-flat.raw"
    line = f'RW 96 FLAT "{name}" 0'

    def one(file, text, disk=raw, needs=(name,), **more):
        add(corpus, file, text, disk, needs=list(needs), **more)

    one("text-crlf", descriptor(line, kind="monolithicFlat", newline="\r\n"))
    one("text-utf-8", descriptor(line, kind="monolithicFlat", encoding="UTF-8"))
    one("text-mark", b"\xef\xbb\xbf" + descriptor(line, kind="monolithicFlat"))
    loose = descriptor(f'  rw   96\tFlat  "{name}"   0  ', kind="monolithicFlat", head="\n  #   disk   DESCRIPTORFILE")
    loose = loose.replace(b"CID=", b"cid = ", 1).replace(b"parentCID=", b"ParentCID  =  ").replace(b"createType=", b"CREATETYPE = ")
    one("text-loose", loose, qemu_accepts=False)
    one("text-no-quotes", descriptor(f"RW 96 FLAT {name} 0", kind="monolithicFlat").replace(b'"monolithicFlat"', b"monolithicFlat"),
        qemu_accepts=False)
    one("text-bare", f"version=1\nRW 96 FLAT \"{name}\" 0".encode(), qemu_accepts=False)
    one("text-nul", descriptor(line, kind="monolithicFlat") + b"\0RW x FLAT nothing\n" + bytes(100))
    one("text-virtualbox", descriptor(line, "ddb.uuid.image=\"c0ffee00-0000-4000-8000-000000000001\"", "ddb.uuid.parent=\"\"",
                                      kind="monolithicFlat").replace(b"# The Disk Data Base", b"# The disk Data Base"))
    one("text-unknown", descriptor(line, "changeTrackPath=\"x-ctk.vmdk\"", "isNativeSnapshot=\"no\"", "what=\"is this\"", kind="monolithicFlat"))
    one("text-device-id", descriptor(f'RW 96 FLAT "{name}" 0 "a partition" 4711', kind="monolithicFlat"))
    spaced = 'good-raw-vmdk-with "a name".raw'
    corpus.good(spaced, raw[:512], raw[:512], "raw")
    one("text-quotes", descriptor(f'RW 1 FLAT "{spaced}" 0', kind="monolithicFlat"), raw[:512], [spaced], qemu_accepts=False)
    accented = "good-raw-vmdk-caf\u00e9.raw"
    corpus.good(accented, raw[512:1024], raw[512:1024], "raw")
    line = f'RW 1 FLAT "{accented}" 0'
    one("text-utf-8-name", descriptor(line, kind="monolithicFlat", encoding="UTF-8"), raw[512:1024], [accented])
    one("text-windows-1252", descriptor(line, kind="monolithicFlat", encoding="windows-1252"), raw[512:1024], [accented], qemu_accepts=False)
    # In GBK the second byte of a character may be a backslash, as it is in the last of these.
    chinese = "good-raw-vmdk-\u4e2d\u8aa0.raw"
    corpus.good(chinese, raw[1024:1536], raw[1024:1536], "raw")
    one("text-gbk", descriptor(f'RW 1 FLAT "{chinese}" 0', kind="monolithicFlat", encoding="GBK"), raw[1024:1536], [chinese], qemu_accepts=False)
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
    parent = add(corpus, "parent", vmdk.sparse(base, descriptor('RW 256 SPARSE "it"', identifier="0badcafe")).file, base)
    hint = f'parentFileNameHint="{parent}"'

    disk, own, keep = over(base, "child")
    text = descriptor('RW 256 SPARSE "it"', hint, identifier="0badcaff", parent="0badcafe")
    child = add(corpus, "child", vmdk.sparse(own, text, keep=keep).file, disk, needs=[parent])
    text = descriptor('RW 256 SPARSE "it"', hint, identifier="0badcaff", parent="0badcafe")
    zeroes = vmdk.sparse(own, text, keep=keep, version=2, flags=7, zeroed=[0, 9])
    add(corpus, "child-zeroed", zeroes.file, zeroed_disk(disk, [0, 9]), needs=[parent])
    text = descriptor('RW 256 SPARSE "it"', f'parentFileNameHint="{child}"', identifier="0badcb00", parent="0badcaff")
    second, own_second, keep_second = over(disk, "grandchild")
    add(corpus, "grandchild", vmdk.sparse(own_second, text, keep=keep_second).file, second, needs=[child, parent])
    # A parent in several extents, of which one is a child's as well.
    halves = [own[:65_536], own[65_536:]]
    names = []
    for index, part in enumerate(halves):
        kept = [number - 16 * index for number in keep if number // 16 == index]
        made = vmdk.sparse(part, keep=kept)
        names.append(add(corpus, f"child-2gb-s{index + 1:03d}", made.file, part, qemu_accepts=False))
    lines = [f'RW 128 SPARSE "{name}"' for name in names]
    add(corpus, "child-2gb", descriptor(*lines, hint, kind="twoGbMaxExtentSparse", parent="0badcafe"), disk, needs=[*names, parent])

    raw = content(49_152, "flat")
    flat = add(corpus, "flat-parent", descriptor('RW 96 FLAT "good-raw-vmdk-flat.raw" 0', kind="monolithicFlat", identifier="00000abc"), raw,
               needs=["good-raw-vmdk-flat.raw"])
    disk, own, keep = over(raw, "delta")
    hint = f'parentFileNameHint="{flat}"'
    needs = [flat, "good-raw-vmdk-flat.raw"]
    text = descriptor('RW 96 SPARSE "it"', hint, parent="00000abc")
    add(corpus, "child-of-flat", vmdk.sparse(own, text, keep=keep).file, disk, needs=needs)
    # ESX's own snapshots.
    file, _ = vmdk.cowd(own, keep=[number * 8 + sector for number in keep for sector in range(8)])
    extent = add(corpus, "delta-cowd", file, own, qemu_accepts=False)
    add(corpus, "child-cowd", descriptor(f'RW 96 VMFSSPARSE "{extent}"', hint, kind="vmfsSparse", parent="00000abc"), disk, needs=[extent, *needs])
    made = vmdk.se_sparse(own, keep=keep, unmapped=[0])
    extent = "unsupported-vmdk-delta-sesparse.vmdk"
    corpus.bad(extent, made.file, "an seSparse extent, which a descriptor names; must fail at open")
    add(corpus, "child-sesparse", descriptor(f'RW 96 SESPARSE "{extent}"', hint, kind="seSparse", parent="00000abc"),
        zeroed_disk(disk, [0]), needs=[extent, *needs])
    # A parent that is shorter: what it lacks is zeroes.
    longer = own + bytes(32_768)
    text = descriptor(f'RW {len(longer) // 512} SPARSE "it"', hint, parent="00000abc")
    add(corpus, "child-longer", vmdk.sparse(longer, text, keep=keep).file, disk + bytes(32_768), needs=needs)
