// The reader's end of the socket to the process that started it.

#ifndef VITRINE_CHANNEL_H
#define VITRINE_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

/// Fills `buffer`. Ends the process when the other end is closed.
void vitrine_receive(void *buffer, size_t count);

/// Adds bytes to the result.
void vitrine_put(const void *bytes, size_t count);

/// Sends what is left of the result, and its end. `error` is NULL, or the text of an error.
void vitrine_finish(const char *error);

/// Fills `buffer` with bytes of the file system. Returns 0, or -1 if they cannot be read.
int vitrine_fetch(uint64_t offset, void *buffer, uint64_t count);

#endif
