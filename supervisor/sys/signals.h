/* Signal dispositions. Source: sigaction(2), signal(7), nptl(7). */
#ifndef BULKHEAD_SUPERVISOR_SYS_SIGNALS_H
#define BULKHEAD_SUPERVISOR_SYS_SIGNALS_H

/* Every signal as a program finds it usually, also those two that the C library keeps for itself
 * and lets nobody touch (32 and 33): whoever started us may have ignored them, and our children
 * would inherit that. To be called before there is a second thread. */
void signals_default(void);

#endif
