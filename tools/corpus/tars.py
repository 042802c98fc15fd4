"""Disks in tar archives, by GNU tar and by Python, and archives that are damaged."""

import io
import os
import re
import tarfile
import tempfile

import data
import vmdk
from tools import qemu_convert, run, xz_compress

SPARSE = {
    "gnu": ["--format=gnu"],
    "pax-0.0": ["--format=posix", "--sparse-version=0.0"],
    "pax-0.1": ["--format=posix", "--sparse-version=0.1"],
    "pax-1.0": ["--format=posix", "--sparse-version=1.0"],
}


def checksum(header):
    """The header block with the checksum of its bytes."""
    header = header[:148] + b" " * 8 + header[156:]
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def without_process(archive):
    """GNU tar puts its process number into the names of sparse members."""
    blocks = [archive[at:at + 512] for at in range(0, len(archive), 512)]
    for index, block in enumerate(blocks):
        if block[257:262] == b"ustar" and b"GNUSparseFile." in block[:100]:
            name = re.sub(rb"GNUSparseFile\.\d+", b"GNUSparseFile.0", block[:100]).rstrip(b"\0")
            blocks[index] = checksum(name.ljust(100, b"\0") + block[100:])
    return b"".join(blocks)


def by_gnu(disk, *options, members=("notes.txt", "disk.raw")):
    """An archive of a text and disk.raw, or of `members` of these. The disk has holes where there are blocks of zeroes."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "disk.raw"), "wb") as file:
            for at in range(0, len(disk), 4096):
                file.seek(at)
                if any(disk[at:at + 4096]):
                    file.write(disk[at:at + 4096])
            file.truncate(len(disk))
        with open(os.path.join(folder, "notes.txt"), "wb") as file:
            file.write(b"not a disk\n")
        return without_process(run([
            "tar", "-C", folder, "-b1", "--mtime=@1704067200", "--owner=0", "--group=0", "--numeric-owner", "--mode=0644",
            *options, "-cf", "-", *members]))


def by_python(members, form=tarfile.USTAR_FORMAT):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1704067200
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def make(corpus):
    disk = data.mix(16_384, "tar")
    holes = disk[:8192] + bytes(300_000 - 300_000 % 4096) + disk[8192:12_288] + bytes(65_536) + disk[12_288:12_800]
    corpus.about("tar", "each of its formats.")
    for form in ("v7", "ustar", "gnu", "posix"):
        options = ["--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"] if form == "posix" else []
        corpus.good(f"good-tar-{form}.tar", by_gnu(disk, f"--format={form}", *options), disk, "raw in tar")
    corpus.about("tar", "a disk with holes, in each form of sparse members.")
    for form, options in SPARSE.items():
        if "posix" in options[0]:
            options = [*options, "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"]
        corpus.good(f"good-tar-sparse-{form}.tar", by_gnu(holes, "--sparse", "--hole-detection=raw", *options), holes, "raw in tar")
    long = "directory/" * 30 + "disk.raw"
    corpus.about("tar", "a name of 308 bytes in GNU's form, by Python.")
    corpus.good("good-tar-long-name.tar", by_python([(long, disk)], tarfile.GNU_FORMAT), disk, "raw in tar")
    qcow2 = qemu_convert(disk, "raw", "qcow2", "-c")
    appliance = [("disk.ovf", b"<Envelope/>\n"), ("disk.mf", b"\n"), ("disk1.img", qcow2)]
    corpus.about("tar", "a descriptor, a manifest and a qcow2 image, as in an OVA, by Python.")
    corpus.good("good-tar-ova.ova", by_python(appliance, tarfile.USTAR_FORMAT), disk, "qcow2 in tar")
    stream = vmdk.stream(disk, vmdk.descriptor(f'RW {len(disk) // 512} SPARSE "generated-stream.vmdk"', kind="streamOptimized")).file
    appliance = [("appliance.ovf", b"<Envelope/>\n"), ("appliance.mf", b"\n"), ("appliance-disk1.vmdk", stream)]
    corpus.about("tar", "likewise, with a stream in VMDK, made by hand.")
    corpus.good("good-tar-ova-vmdk.ova", by_python(appliance, tarfile.USTAR_FORMAT), disk, "vmdk in tar")
    ustar = by_gnu(disk, "--format=ustar")
    corpus.about("tar", "the ustar archive in xz.")
    corpus.good("good-tar-in-xz.tar.xz", xz_compress(ustar, "-T1"), disk, "raw in tar in xz")

    second = 1024
    corpus.about("tar", "a byte of the second header was changed.")
    corpus.bad("bad-tar-checksum.tar", ustar[:second] + b"D" + ustar[second + 1:], "the name in the second header differs from its checksum")
    corpus.about("tar", "it ends inside the disk.")
    corpus.bad("bad-tar-cut.tar", ustar[:second + 512 + 5000], "the archive ends inside disk.raw")
    corpus.about("tar", "a size from 2^63 on, with the right checksum.")
    corpus.bad("bad-tar-size.tar", ustar[:second] + checksum(ustar[second:second + 124] + b"\x80" + b"\xff" * 11 + ustar[second + 136:second + 512])
               + ustar[second + 512:], "the size of the second member is from 2^63 on")
    two = [("a.raw", disk[:512]), ("b.raw", disk[:512])]
    corpus.about("tar", "two disks; opened only with the name of a member.")
    corpus.bad("unsupported-tar-two-disks.tar", by_python(two, tarfile.USTAR_FORMAT), "two disks, and nothing says which one")
    corpus.about("tar", "no disk; opened only with the name of a member.")
    corpus.bad("unsupported-tar-no-disk.tar", by_python([("notes.txt", b"not a disk\n")], tarfile.USTAR_FORMAT), "no disk")
