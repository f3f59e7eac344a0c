/// How many pieces of memory the process has asked for so far, and how many bytes.
unsigned long allocations_made(void);
unsigned long allocated_bytes(void);
