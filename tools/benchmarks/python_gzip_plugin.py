"""For nbdkit's Python plugin: serves what is in a .gz, read by a Python package, with an index that it makes if it is missing.

One reader for each CPU, which keeps a position and what it has decoded: a reader takes one request at a time."""

import importlib
import os
import queue
import sys

import nbdkit

API_VERSION = 2
COUNT = len(os.sched_getaffinity(0))

settings = {}
readers = queue.LifoQueue()             # those that have nothing to do


def config(key, value):
    settings[key] = value


def thread_model():
    return nbdkit.THREAD_MODEL_PARALLEL


def new_reader():
    sys.path.insert(0, settings["folder"])
    package = importlib.import_module(settings["package"])
    if settings["package"] == "rapidgzip":
        return package.open(settings["image"], parallelization=1)
    return package.IndexedGzipFile(settings["image"])


def get_ready():
    if not os.path.exists(settings["index"]):
        with new_reader() as reader:
            if settings["package"] == "indexed_gzip":
                reader.build_full_index()       # which rapidgzip does when asked to write it
            reader.export_index(settings["index"])
    for _ in range(COUNT):
        reader = new_reader()
        reader.import_index(settings["index"])
        readers.put(reader)


def cleanup():
    while not readers.empty():
        readers.get().close()                   # rapidgzip aborts the process if it still has threads


def open(readonly):
    return None


def get_size(handle):
    reader = readers.get()
    try:
        return reader.seek(0, os.SEEK_END)
    finally:
        readers.put(reader)


def pread(handle, buffer, offset, flags):
    reader = readers.get()
    try:
        reader.seek(offset)
        buffer[:] = reader.read(len(buffer))
    finally:
        readers.put(reader)
