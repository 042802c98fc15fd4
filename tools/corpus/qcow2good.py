"""The good qcow2 and qcow images: by qemu-img and qemu-io, and a few by hand.

Those with clusters of 64 KiB and more are packed in xz, as they would be large. A file that others name lies beside them.
"""

import tempfile
import zlib

import data
import qcow2
from qcow2 import Image, change, put
from tools import run, xz_compress

LARGE = {"64k": dict(size=1 << 16, clusters=32), "2m": dict(size=1 << 21, clusters=4, unit=1 << 18)}


def text(count, seed):
    """Text, and zeroes where that would be much."""
    return data.text(min(count, 2048), seed).ljust(count, b"\0")


def fill(image, seed, size=512):
    """Something of everything: data in one and several clusters, zeroes with and without a place, discarded clusters."""
    image.write(0, text(4 * size, seed))
    image.write(8 * size, data.noise(512, seed).ljust(size, b"\0")[:max(size, 512)])
    image.zero(16 * size, 2 * size)
    image.write(20 * size, text(2 * size, seed + " zeroed"))
    image.zero(20 * size, 2 * size)
    image.write(22 * size, text(2 * size, seed + " discarded"))
    if size % image.cluster_size == 0:
        image.discard(22 * size, size)
    image.write(len(image.disk) - 1024, data.noise(1024, seed + " end"))


def base(folder, name="base", *options, size=512, clusters=160, unit=None):
    """The image that most bad ones derive from: `fill` by `unit`, and compressed clusters from 24 times that on."""
    unit = unit or size
    image = Image(folder, name, clusters * size, f"cluster_size={size}", *options)
    image.write_compressed(24 * unit, b"".join(text(size, f"{name} {number}") for number in range(max(1, 2 * unit // size))))
    fill(image, name, unit)
    return image


def deflate(content, final=True, window=12):
    """Raw deflate; without a final block, flushed instead."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -window)
    return packer.compress(content) + packer.flush(zlib.Z_FINISH if final else zlib.Z_SYNC_FLUSH)


def zstd(content, *options):
    return run(["zstd", "-q", "-c", *options], content)


def replace_compressed(file, cluster, stream):
    """The file with other compressed data for a cluster, at its end."""
    tables = qcow2.Tables(file)
    at = len(file)
    return put(file, tables.l2_entry(cluster), tables.descriptor(at, len(stream))) + stream


def make(corpus):
    with tempfile.TemporaryDirectory() as folder:
        for recipes in (versions, compression, extended, preallocated, backing, data_files, snapshots, bitmaps, conditions, qcow):
            recipes(corpus, folder)


def add(corpus, image, name, **more):
    """Takes an image into the corpus, in xz where the name says so."""
    file = xz_compress(image.file, "-T1") if name.endswith(".xz") else image.file
    corpus.good(name, file, bytes(image.disk), image.format + (" in xz" if name.endswith(".xz") else ""), **more)


def versions(corpus, folder):
    corpus.about("qcow2", "clusters of 512 bytes, version 3; the L2 tables lie far apart.")
    add(corpus, base(folder), "good-qcow2-base.qcow2")
    corpus.about("qcow2", "clusters of 512 bytes, version 2; the L2 tables lie far apart.")
    add(corpus, base(folder, "base v2", "compat=0.10"), "good-qcow2-base-v2.qcow2")
    corpus.about("qcow2", "larger clusters, in version 3.")
    add(corpus, base(folder, "4k", size=4096, clusters=8, unit=1024), "good-qcow2-cluster-4k.qcow2")
    for size, where in LARGE.items():
        add(corpus, base(folder, size, **where), f"good-qcow2-cluster-{size}.qcow2.xz")
    corpus.about("qcow2", "larger clusters, in version 2.")
    add(corpus, base(folder, "4k v2", "compat=0.10", size=4096, clusters=8, unit=1024), "good-qcow2-cluster-4k-v2.qcow2")
    for size, where in LARGE.items():
        add(corpus, base(folder, f"{size}-v2", "compat=0.10", **where), f"good-qcow2-cluster-{size}-v2.qcow2.xz")
    image = Image(folder, "size", 25_088, "cluster_size=2048")
    fill(image, "size", 512)
    corpus.about("qcow2", "the disk ends inside a cluster.")
    add(corpus, image, "good-qcow2-size-25088.qcow2")
    corpus.about("qcow2", "no data.")
    add(corpus, Image(folder, "empty", 1 << 20, "cluster_size=512"), "good-qcow2-nothing.qcow2")
    corpus.about("qcow2", "a disk of 0 bytes.")
    add(corpus, Image(folder, "size 0", 0, "cluster_size=512"), "good-qcow2-size-0.qcow2")
    corpus.about("qcow2", "what a reader need not look at.")
    for bits in (1, 64):
        image = Image(folder, "refcounts", 32_768, "cluster_size=512", f"refcount_bits={bits}")
        fill(image, f"refcounts {bits}")
        add(corpus, image, f"good-qcow2-refcount-bits-{bits}.qcow2")
    image = Image(folder, "lazy", 32_768, "cluster_size=512", "lazy_refcounts=on")
    fill(image, "lazy")
    add(corpus, image, "good-qcow2-lazy-refcounts.qcow2")
    corpus.about("qcow2", "resized.")
    for name, before, after in (("grown", 40_960, 98_304), ("shrunk", 98_304, 40_960)):
        image = Image(folder, name, before, "cluster_size=512")
        fill(image, name, 1024)
        image.resize(after)
        add(corpus, image, f"good-qcow2-{name}.qcow2")
    image = Image(folder, "blocks", 1 << 20, "cluster_size=65536")
    fill(image, "blocks", 4096)
    image.resize(4 << 20)
    corpus.about("qcow2", "in xz blocks of 20000 bytes, with sizes.")
    add(corpus, image, "good-qcow2-in-xz-blocks.qcow2.xz")
    corpus.files["good-qcow2-in-xz-blocks.qcow2.xz"].file = xz_compress(image.file, "-T2", "--block-size=20000")


def compression(corpus, folder):
    image = base(folder, "zstd", "compression_type=zstd")
    corpus.about("qcow2 compressed", "zstd.")
    add(corpus, image, "good-qcow2-zstd.qcow2")
    add(corpus, base(folder, "zstd 4k", "compression_type=zstd", size=4096, clusters=8, unit=1024), "good-qcow2-zstd-4k.qcow2")
    for size, where in LARGE.items():
        add(corpus, base(folder, f"zstd {size}", "compression_type=zstd", **where), f"good-qcow2-zstd-{size}.qcow2.xz")
    corpus.about("qcow2 compressed", "nothing but compressed clusters.")
    for kind in ("zlib", "zstd"):
        image = Image(folder, f"all {kind}", 20_480, "cluster_size=4096", f"compression_type={kind}")
        image.write_compressed(0, data.text(12_288, kind) + data.text(3000, kind).ljust(8192, b"\0"))
        add(corpus, image, f"good-qcow2-compressed-{kind}.qcow2")

    # By hand: what qemu reads, and does not write.
    image, disk = Image(folder, "streams", 8192, "cluster_size=1024"), data.text(8192, "streams")
    image.write_compressed(0, disk)
    file = replace_compressed(image.file, 1, deflate(disk[1024:2048], final=False))
    file = replace_compressed(file, 2, deflate(disk[2048:3072]) + data.noise(700, "behind"))
    file = replace_compressed(file, 3, deflate(disk[3072:4096] + b"more than a cluster"))
    corpus.about("qcow2 compressed", "by hand: streams without a last block, with noise behind the end, and of more than a cluster.")
    corpus.good("good-qcow2-deflate-odd.qcow2", file, disk, "qcow2")
    image, disk = Image(folder, "frames", 8192, "cluster_size=1024", "compression_type=zstd"), data.text(8192, "frames")
    image.write_compressed(0, disk)
    frames = [zstd(disk[1024:1100]), zstd(disk[1100:1104]), zstd(b""), zstd(disk[1104:2048], "--no-check")]
    file = replace_compressed(image.file, 1, b"".join(frames))
    skippable = b"\x5a\x2a\x4d\x18" + (11).to_bytes(4, "little") + b"not for us."
    file = replace_compressed(file, 2, skippable + zstd(disk[2048:3072]) + data.noise(700, "behind frames"))
    corpus.about("qcow2 compressed",
                 "by hand: four frames in a cluster, one of them empty; a frame to be skipped, and noise behind the end.")
    corpus.good("good-qcow2-zstd-odd.qcow2", file, disk, "qcow2")


def extended(corpus, folder):
    options = ("extended_l2=on",)
    image = Image(folder, "extended", 262_144, "cluster_size=16384", *options)
    image.write_compressed(65_536, data.text(16_384, "extended"))
    fill(image, "extended", 512)
    corpus.about("qcow2 extended", "clusters of 16 KiB, zlib.")
    add(corpus, image, "good-qcow2-extended.qcow2")
    corpus.about("qcow2 extended", "clusters of 16 KiB, zstd.")
    add(corpus, base(folder, "extended zstd", *options, "compression_type=zstd", size=16_384), "good-qcow2-extended-zstd.qcow2.xz")
    corpus.about("qcow2 extended", "clusters of 64 KiB, zlib.")
    add(corpus, base(folder, "extended 64k", *options, size=65_536, clusters=32), "good-qcow2-extended-64k.qcow2.xz")
    image = Image(folder, "extended base", 262_144, "cluster_size=512")
    fill(image, "extended base", 4096)
    corpus.about("qcow2 extended", "what the next is based on, with clusters of 512 bytes.")
    add(corpus, image, "good-qcow2-base-extended.qcow2")
    overlay = Image(folder, "extended overlay", 262_144, "cluster_size=16384", *options,
                    backing=named(folder, image, "good-qcow2-base-extended.qcow2"))
    fill(overlay, "extended overlay", 512)
    corpus.about("qcow2 extended", "the subclusters that are not allocated are those of `good-qcow2-base-extended.qcow2`.")
    add(corpus, overlay, "good-qcow2-extended-backing.qcow2.xz", needs=["good-qcow2-base-extended.qcow2"])


def named(folder, image, name):
    """The image, in a file that is called as in the corpus."""
    with open(f"{folder}/{name}", "wb") as file:
        file.write(image.file)
    image.name = name
    return image


def preallocated(corpus, folder):
    corpus.about("qcow2", "preallocated.")
    for mode in ("metadata", "falloc", "full"):
        image = Image(folder, mode, 16_384, "cluster_size=1024", f"preallocation={mode}")
        fill(image, mode, 512)
        add(corpus, image, f"good-qcow2-preallocated-{mode}.qcow2")
    image = Image(folder, "preallocated extended", 262_144, "cluster_size=16384", "extended_l2=on", "preallocation=metadata")
    fill(image, "preallocated extended", 1024)
    corpus.about("qcow2", "preallocated, with extended L2 entries.")
    add(corpus, image, "good-qcow2-preallocated-extended.qcow2.xz")


def backing(corpus, folder):
    raw = data.mix(40_960, "raw backing")
    corpus.about("qcow2 backing", "a raw disk that others are based on.")
    corpus.good("good-raw-qcow2-backing.raw", raw, raw, "raw")
    with open(f"{folder}/good-raw-qcow2-backing.raw", "wb") as file:
        file.write(raw)
    lower = base(folder, "lower")
    corpus.about("qcow2 backing", "a qcow2 image that others are based on.")
    add(corpus, lower, "good-qcow2-base-backing.qcow2")
    lower = named(folder, lower, "good-qcow2-base-backing.qcow2")

    def overlay(name, held, size, needs, *options, unit=512):
        image = Image(folder, name, size, "cluster_size=512", *options, backing=held)
        fill(image, name, unit)
        file = f"good-qcow2-{name}.qcow2"
        add(corpus, image, file, needs=needs)
        return named(folder, image, file)

    raw_needs, needs = ["good-raw-qcow2-backing.raw"], ["good-qcow2-base-backing.qcow2"]
    held = ("good-raw-qcow2-backing.raw", raw)
    corpus.about("qcow2 backing", "on the raw file, which is as long as the overlay.")
    overlay("backing-raw", held, 40_960, raw_needs)
    corpus.about("qcow2 backing", "on the raw file, which is shorter.")
    overlay("backing-raw-shorter", held, 65_536, raw_needs, unit=1024)
    corpus.about("qcow2 backing", "on the raw file, which is longer.")
    overlay("backing-raw-longer", held, 20_480, raw_needs)
    corpus.about("qcow2 backing", "on the qcow2 file.")
    overlay("backing-v2", lower, 81_920, needs, "compat=0.10", unit=1024)
    overlay("backing-shorter", lower, 122_880, needs, unit=1024)
    overlay("backing-longer", lower, 30_720, needs)
    second = overlay("backing", lower, 81_920, needs)
    image = Image(folder, "compressed overlay", 81_920, "cluster_size=2048", backing=lower)
    image.write_compressed(8192, data.text(12_288, "compressed overlay"))
    image.zero(32_768, 4096)
    add(corpus, image, "good-qcow2-backing-compressed.qcow2", needs=needs)
    corpus.about("qcow2 backing", "on `good-qcow2-backing.qcow2`.")
    overlay("backing-chain", second, 81_920, ["good-qcow2-backing.qcow2", *needs], unit=1024)

    # Without a format nothing is opened: whoever wrote to a raw disk could have made it look like an image.
    corpus.about("refused qcow2", "overlays of `good-raw-qcow2-backing.raw`, whose format is not recorded.")
    for name, options in (("", []), ("-v2", ["compat=0.10"])):
        image = Image(folder, "no format", 40_960, "cluster_size=512", *options, backing=held)
        fill(image, f"no format{name}", 512)
        file = image.file
        at = qcow2.field(file, "header_length") if name == "" else 72
        file = put(file, at, qcow2.extension(0x12345678, bytes(3)))
        corpus.refused(f"refused-qcow2-backing-no-format{name}.qcow2", file, raw_needs, bytes(image.disk),
                       f"the backing file has no format recorded: the extension at {at} is another one")


def data_files(corpus, folder):
    for name, options, data_options, what in (
        ("data-file", ["cluster_size=512"], ["data_file_raw=off"], "the clusters are in the other file."),
        ("data-file-raw", ["cluster_size=512"], ["data_file_raw=on"], "the other file alone is the disk."),
        ("data-file-extended", ["cluster_size=16384", "extended_l2=on"], ["data_file_raw=off"],
         "the clusters are in the other file, with extended L2 entries."),
    ):
        corpus.about("qcow2 backing", what)
        beside = f"good-raw-qcow2-{name}.raw"
        image = Image(folder, name, 24_576, *options, f"data_file={beside}", *data_options)
        fill(image, name, 512)
        with open(f"{folder}/{beside}", "rb") as file:
            held = file.read()
        corpus.good(beside, held, held, "raw")
        ending = ".qcow2.xz" if "extended" in name else ".qcow2"
        add(corpus, image, f"good-qcow2-{name}{ending}", needs=[beside])


def snapshots(corpus, folder):
    corpus.about("qcow2 snapshots", "three snapshots, the last of a larger disk, and two. One is named in quotes.")
    for name, options in (("snapshots", []), ("snapshots-v2", ["compat=0.10"])):
        image = Image(folder, name, 65_536, "cluster_size=512", *options)
        image.write_compressed(40_960, data.text(2048, name))
        image.write(0, data.text(2048, name))
        first = image.snapshot("first")
        fill(image, name, 1024)
        second = image.snapshot("the \u201csecond\u201d")
        image.write(1024, data.noise(5120, name))
        held = [("1", first), ("first", first), ("2", second), ("the \u201csecond\u201d", second)]
        if name == "snapshots":
            image.resize(81_920)
            third = image.snapshot("third, larger")
            image.zero(0, 4096)
            held.append(("3", third))
        add(corpus, image, f"good-qcow2-{name}.qcow2", snapshots=held)


def bitmaps(corpus, folder):
    image = Image(folder, "bitmaps", 65_536, "cluster_size=512")
    image.write(0, data.text(2048, "bitmaps"))
    image.img("bitmap", "--add", "-g", "512", image.name, "fine")
    image.img("bitmap", "--add", "-g", "32768", image.name, "coarse")
    fill(image, "bitmaps", 1024)
    image.img("bitmap", "--add", "--disable", image.name, "disabled")
    corpus.about("qcow2 snapshots", "three bitmaps, one of which is disabled.")
    add(corpus, image, "good-qcow2-bitmaps.qcow2")


def conditions(corpus, folder):
    """By hand: `good-qcow2-base.qcow2`, and what a reader must not mind, though qemu may."""
    image = base(folder)
    file, disk = image.file, bytes(image.disk)

    def good(name, changed, **more):
        corpus.good(f"good-qcow2-{name}.qcow2", changed, disk, "qcow2", **more)

    corpus.about("qcow2 by hand", "the incompatible feature dirty.")
    good("dirty", change(file, incompatible_features=qcow2.DIRTY))
    corpus.about("qcow2 by hand", "the incompatible feature corrupt.")
    good("corrupt", change(file, incompatible_features=qcow2.CORRUPT))
    corpus.about("qcow2 by hand", "all compatible features, and all autoclear ones but those that mean something.")
    good("compatible-features", change(file, compatible_features=(1 << 64) - 1, autoclear_features=(1 << 64) - 1 - 3))
    corpus.about("qcow2 by hand", "a header without the compression type.")
    good("header-104", qcow2.with_extensions(change(file, header_length=104)))
    corpus.about("qcow2 by hand", "a header of a later version, perhaps.")
    good("header-256", put(change(file, header_length=256), 112, data.noise(144, "header")))
    corpus.about("qcow2 by hand", "header extensions that mean nothing.")
    good("extensions-unknown", qcow2.with_extensions(
        file, qcow2.extension(0x12345678, b"what is it?"), qcow2.extension(0x0BADCAFE, b"")))
    at = qcow2.field(file, "header_length")
    corpus.about("qcow2 by hand", "a header extension that means nothing and fills the cluster.")
    good("extensions-no-end", put(file, at, qcow2.extension(0x12345678, data.noise(512 - at - 8, "no end"))))
    corpus.about("qcow2 by hand", "no refcount table. qemu refuses this.")
    good("refcounts-none", change(file, refcount_table_offset=(1 << 64) - 1, refcount_table_clusters=0), qemu_accepts=False)
    corpus.about("qcow2 by hand", "refcounts of 128 bits. qemu refuses this.")
    good("refcount-order-7", change(file, refcount_order=7), qemu_accepts=False)
    tables = qcow2.Tables(file)
    changed = file
    for cluster in (0, 1, 8):
        entry = qcow2.get(file, tables.l2_entry(cluster))
        changed = put(changed, tables.l2_entry(cluster), (entry | 0x3F00_0000_0000_01FE) & ~qcow2.COPIED)
    changed = put(changed, tables.l1_entry(0), qcow2.get(file, tables.l1) | 0x7F00_0000_0000_01FF)
    corpus.about("qcow2 by hand", "L1 and L2 entries with reserved bits set, and without the flag for copied.")
    good("entries-reserved-bits", changed)
    # The last cluster of the file is that of the end of the disk.
    assert qcow2.get(file, tables.l2_entry(159)) & qcow2.OFFSET == len(file) - 512
    cut = len(file) - 100
    corpus.about("qcow2 by hand", "the last 100 bytes are missing, and read as zeroes.")
    corpus.good("good-qcow2-cut-in-cluster.qcow2", file[:cut], disk[:-100] + bytes(100), "qcow2")


def qcow(corpus, folder):
    image = Image(folder, "qcow", 65_536, format="qcow")
    fill_qcow(image, "qcow")
    corpus.about("qcow", "without compressed clusters.")
    add(corpus, image, "good-qcow.qcow")
    image = Image(folder, "qcow compressed", 65_536, format="qcow")
    image.write_compressed(0, data.text(16_384, "qcow compressed"))
    image.write(40_960, data.text(5120, "qcow"))
    corpus.about("qcow", "with compressed clusters.")
    add(corpus, image, "good-qcow-compressed.qcow")
    raw = corpus.files["good-raw-qcow2-backing.raw"].disk
    image = Image(folder, "qcow overlay", 49_152, format="qcow", backing=("good-raw-qcow2-backing.raw", raw))
    image.write(1024, data.text(2048, "qcow overlay"))
    corpus.about("qcow", "an overlay of `good-raw-qcow2-backing.raw`. qcow has no place to record the format.")
    corpus.refused("refused-qcow-backing.qcow", image.file, ["good-raw-qcow2-backing.raw"], bytes(image.disk),
                   "the backing file has no format recorded: qcow has no place for it")


def fill_qcow(image, seed):
    """qcow has no zero clusters."""
    image.write(0, data.text(4096, seed))
    image.write(20_480, data.noise(512, seed))
    image.write(36_864, data.text(5120, seed))
    image.write(len(image.disk) - 1024, data.noise(1024, seed + " end"))
