"""Running the programs that make the files."""

import os
import subprocess
import sys
import tempfile

# Each program, and the Debian package it is in.
PACKAGES = {
    "xz": "xz-utils", "sgdisk": "gdisk", "sfdisk": "fdisk", "fdisk": "fdisk", "parted": "parted", "mke2fs": "e2fsprogs",
    "mkfs.fat": "dosfstools", "gzip": "gzip", "bzip2": "bzip2", "zstd": "zstd", "qemu-img": "qemu-utils",
    "qemu-io": "qemu-utils",
    "tar": "tar",
}
ENVIRONMENT = {
    "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC",
    "SOURCE_DATE_EPOCH": "1704067200", "E2FSPROGS_FAKE_TIME": "1704067200",
}


def missing():
    """The Debian packages to install first."""
    from shutil import which
    return sorted({package for program, package in PACKAGES.items() if not which(program, path=ENVIRONMENT["PATH"])})


def run(command, data=b"", accept=(0,), folder=None):
    """What the program writes; ends everything when it fails. Settings of the user (XZ_OPT) do not reach it."""
    done = subprocess.run(command, input=data, capture_output=True, env=ENVIRONMENT, cwd=folder)
    if done.returncode not in accept:
        sys.exit(f"make-corpus: {' '.join(command)}: exit status {done.returncode}: {done.stderr.decode().strip()}")
    return done.stdout


def status(command, data=b""):
    """The exit status, and what the program wrote."""
    done = subprocess.run(command, input=data, capture_output=True, env=ENVIRONMENT)
    return done.returncode, done.stdout


def xz_compress(data, *options):
    """`-T` is always given: its default differs between versions of xz."""
    return run(["xz", "-c", *options], data)


def qemu_convert(data, source_format, target_format, *options):
    """The image `data` in another format, by qemu-img, which takes files only."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
        with open(source, "wb") as file:
            file.write(data)
        run(["qemu-img", "convert", "-f", source_format, "-O", target_format, *options, source, target])
        with open(target, "rb") as file:
            return file.read()


def qemu_read(data, source_format, beside=None, *options):
    """The disk in the image `data`, by qemu-img; None when it refuses. `beside` are the files, by name, that it may name.

    Without `source_format` the last option describes it: it is called `image`.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, file in {**(beside or {}), "image": data}.items():
            with open(os.path.join(folder, name), "wb") as out:
                out.write(file)
        source = ["-f", source_format, *options, "image"] if source_format else options
        command = ["qemu-img", "convert", "-O", "raw", *source, "raw"]
        done = subprocess.run(command, capture_output=True, env=ENVIRONMENT, cwd=folder)
        if done.returncode != 0:
            return None
        with open(os.path.join(folder, "raw"), "rb") as file:
            # What is larger is the disk of no good image: it is read, and that is all there is to say of it.
            return file.read() if os.fstat(file.fileno()).st_size <= 1 << 30 else b""
