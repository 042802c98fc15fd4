"""Cache folders, and the indexes of images in them."""

import os
import shutil
import subprocess
import tempfile

from benchmarks.programs import LONGEST_SECONDS, VITRINE, environment
from benchmarks.tables import progress


def cache_with(image, folder):
    """A new cache folder that holds the index of the image, or nothing."""
    cache = tempfile.mkdtemp(prefix="cache.", dir=folder)
    if image:
        shutil.copytree(index_of(image, folder), cache, dirs_exist_ok=True)
        for path in files_in(cache):
            with open(path, "rb") as file:
                os.fsync(file.fileno())         # so that `cold` can have it leave the page cache
    return cache


def index_of(image, folder):
    """The cache folder with the finished index of the image, made by the first who asks."""
    cache = os.path.join(folder, "index-of-" + image.name)
    if not os.path.exists(cache):
        progress(f"indexing {image.name}")
        subprocess.run([VITRINE, "index", "-q", image.path], env=environment(cache), check=True, timeout=LONGEST_SECONDS)
    return cache


def files_in(folder):
    return [os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names]


def cold(server, image):
    """The server, for which neither the image nor the index is in the page cache."""
    for path in [image.path, *(files_in(server.cache) if server.cache else [])]:
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return server
