/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vector table of a Cortex-M4 that runs one test in QEMU. QEMU loads the image with its data in place; newlib's own
 * start (_start) clears what must be zero, calls main and ends QEMU with its status by semihosting. Any fault ends QEMU
 * with status 1 instead of hanging.
 */
#include <stdint.h>

#define SYS_EXIT               0x18
#define STOPPED_RUN_TIME_ERROR 0x20023

extern uint32_t ward_stack_top[];
void _start(void);
void ward_reset(void);
void ward_fault(void);

void ward_reset(void)
{
    _start();
}

void ward_fault(void)
{
    register uint32_t operation __asm__("r0") = SYS_EXIT;
    register uint32_t reason __asm__("r1") = STOPPED_RUN_TIME_ERROR;

    __asm__ volatile("bkpt 0xab" : : "r"(operation), "r"(reason) : "memory");
    for (;;)
        ;
}

typedef void ward_vector(void);

/* Stack, reset, NMI and the faults; nothing interrupts a test. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack_top;
    ward_vector *handlers[15];
} vectors = {
    ward_stack_top,
    {ward_reset, ward_fault, ward_fault, ward_fault, ward_fault, ward_fault, ward_fault, ward_fault,
     ward_fault, ward_fault, ward_fault, ward_fault, ward_fault, ward_fault, ward_fault},
};
