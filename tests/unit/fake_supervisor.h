/* A supervisor for the keeper's test: it does what a script says, and tells what it was told.
 *
 * Each incarnation does one part of the script, parts end in '|':
 *   ready          it says so                     hold=TAG:TEXT  a file with that text is to be
 * held kill=N         sends itself signal N          drop=TAG       and no more exit=N         ends
 * plan=TEXT      another plan orphans=N      leaves N that end with 7       told           hears
 * all up to TOLD stop=N         sends the keeper signal N      news=N         hears N more records
 *   acknowledge    all that it heard              hangup         closes the channel
 *   upgrade=PATH   hands the keeper that folder, and leaves
 * It writes to stdout what it is (number, how it was started, its plan) and what it hears. */
#ifndef BULKHEAD_TESTS_UNIT_FAKE_SUPERVISOR_H
#define BULKHEAD_TESTS_UNIT_FAKE_SUPERVISOR_H

#define FAKE_COUNTER 4 // HANDOVER_LOCK: a file with the number of the last one, uint32_t

int fake_supervisor(const char *script, const char *how); // its exit status

#endif
