"""Python packages that read a .gz at random, with an index: as servers, so that they are measured as all others are."""

import glob
import os
import subprocess
import sys

from benchmarks.images import GZ
from benchmarks.programs import ROOT
from benchmarks.servers import Server

# These versions, so that figures of two machines are about the same programs.
VERSIONS = {"indexed_gzip": "1.10.3", "rapidgzip": "0.16.2"}
FOLDER = os.path.join(ROOT, ".build-bench", "python")
PLUGIN = os.path.join(os.path.dirname(os.path.realpath(__file__)), "python_gzip_plugin.py")


def prepare(images):
    """Fetches what is missing of them if one of these is for them, and says aloud what cannot be had."""
    if not any(image.kind in GZ for image in images):
        return
    python = nbdkit_python()
    if not python:
        print(f"warning: not measured: {', '.join(VERSIONS)}: nbdkit has no Python plugin (nbdkit-plugin-python)", flush=True)
        return
    for name in VERSIONS:
        if not is_there(name) and not fetch(name, python):
            print(f"warning: not measured: {name}: pip cannot fetch it for Python {python}", flush=True)


def nbdkit_python():
    """The version of the Python in nbdkit's plugin, which may be another than this one; None without the plugin."""
    done = subprocess.run(
        ["nbdkit", "python", "--dump-plugin"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    versions = [line.partition("=")[2] for line in done.stdout.splitlines() if line.startswith("python_version=")]
    return ".".join(versions[0].split(".")[:2]) if versions else None


def is_there(name):
    return bool(glob.glob(os.path.join(FOLDER, f"{name}-{VERSIONS[name]}.dist-info")))


def fetch(name, python):
    command = [
        sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--root-user-action=ignore",
        "--upgrade", "--no-deps", "--only-binary=:all:", "--python-version", python, "--target", FOLDER,
        f"{name}=={VERSIONS[name]}"]
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode == 0


def versions(images):
    """Of those that are there for these images."""
    if not any(image.kind in GZ for image in images):
        return {}
    return {name: version for name, version in VERSIONS.items() if is_there(name)}


def python_peers(image, folder):
    """What makes the server of each package for a .gz, by its name; nothing for other images."""
    found = versions([image]) if nbdkit_python() else {}
    return {name: lambda name=name: python_server(name, image, folder) for name in found}


def python_server(name, image, folder):
    """Its index is made by the first who asks."""
    index = os.path.join(folder, f"{name}-of-{image.name}")
    command = [
        "nbdkit", "-f", "-r", "-U", "SOCKET", "python", PLUGIN, f"package={name}", f"folder={FOLDER}",
        f"image={image.path}", f"index={index}"]
    server = Server(name, command, folder)
    if not os.path.exists(index):
        with server:
            pass                        # it answers when it has made the index
    return server
