/* What makes a shell ask `bulkhead __complete` when Tab is pressed. */
#ifndef BULKHEAD_CLI_COMPLETION_SCRIPTS_H
#define BULKHEAD_CLI_COMPLETION_SCRIPTS_H

/* `shell` is bash, zsh or fish; NULL: none of these.
 *
 * `bulkhead __complete bulkhead WORD… UNFINISHED` answers with one candidate a line: what comes for
 * the unfinished word (behind its '=', where it has one), a tab, and what it is. ":files",
 * ":folders" and ":commands" leave it to the shell to find those. */
const char *completion_script(const char *shell);

#endif
