#ifndef VITRINE_SANDBOX_H
#define VITRINE_SANDBOX_H

/// Leaves this process nothing but its socket, memory and time. Returns NULL, or the text that says what the system lacks for that.
const char *vitrine_enter_sandbox(void);

/// Has the kernel end this process if it computes for a minute from now on: damaged trees may be endless.
void vitrine_limit_time(void);

#endif
