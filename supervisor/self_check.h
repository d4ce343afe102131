/* Could a supervisor of this build take that stack over? */
#ifndef BULKHEAD_SUPERVISOR_SELF_CHECK_H
#define BULKHEAD_SUPERVISOR_SELF_CHECK_H

/* Reads what a successor would go by, changes nothing, and says in one line on stderr why not. The
 * exit status: 0, it could. */
int self_check(const char *runtime_dir);

#endif
