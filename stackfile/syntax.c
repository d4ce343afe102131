/* See syntax.h. */
#include "stackfile/syntax.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *problem; // how the parser's text begins
    const char *what;
    const char *remedy;
} plain_words[] = {
    {"mapping values are not allowed in this context", "a key and its value cannot stand here",
     "check the indentation, and put a text with \": \" in it into quotes"},
    {"could not find expected ':'", "a key without its colon",
     "write \"key: value\", and check the indentation"},
    {"did not find expected key", "a key was expected here",
     "check the indentation of this line and of the one before it"},
    {"did not find expected '-' indicator", "an item of the list was expected here",
     "check the indentation: every item starts with \"- \" in the same column"},
    {"did not find expected ',' or ']'", "the list in [ ] does not end",
     "write the missing , or ]"},
    {"did not find expected ',' or '}'", "the mapping in { } does not end",
     "write the missing , or }"},
    {"block sequence entries are not allowed in this context", "a list item cannot stand here",
     "start the list on a line of its own, below its key"},
    {"found unexpected end of stream", "a quote is not closed", "write the closing quote"},
    {"found unexpected document indicator", "a quote is not closed before the document ends",
     "write the closing quote"},
    {"found unknown escape character", "an unknown escape after the backslash",
     "write \\\\ for a backslash, or use single quotes"},
    {"found a tab character", "a tab cannot indent in YAML", "indent with spaces"},
    {"found undefined tag handle", "a tag that is not declared", "remove the tag"},
    {"did not find expected alphabetic or numeric character", "* and & name an alias or an anchor",
     "put a text that starts with * or & into quotes"},
    {"did not find expected node content", "a value was expected here",
     "write one, or put a text that starts with a , ] or } into quotes"},
    {"mapping keys are not allowed in this context", "a key cannot stand here",
     "check the indentation"},
    {"found invalid Unicode character escape code", "an escape that is no character",
     "write the character itself, or \\U and its eight hexadecimal digits"},
    {"did not find expected hexdecimal number", "an escape without its digits",
     "write \\xHH, \\uHHHH or \\UHHHHHHHH, or \\\\ for a backslash"},
    {"did not find expected comment or line break", "something follows | or > in its line",
     "start the text on the next line, indented"},
    {"found an indentation indicator equal to 0", "an indentation of 0 cannot be",
     "write | or > without the 0"},
    {"found unknown directive name", "a line that starts with % is for YAML alone",
     "remove it, or put the text into quotes"},
    {"found incompatible YAML document", "a version of YAML that is not known here",
     "remove the line with %YAML"},
    {"did not find expected <document start>", "something follows the end of the document",
     "check the indentation, and that every { [ and quote is closed once"},
};

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

void syntax_fault(const struct syntax_problem *found, struct faults *faults)
{
    for (size_t i = 0; i < sizeof(plain_words) / sizeof(plain_words[0]); i++) {
        struct mark at = found->at;

        if (!begins(found->problem, plain_words[i].problem))
            continue;
        if (begins(plain_words[i].what, "a quote"))
            at = found->context_at;
        faults_add(faults, FAULT_ERROR, at, plain_words[i].remedy, "%s", plain_words[i].what);
        return;
    }
    if (!begins(found->problem, "found character that cannot start any token"))
        faults_add(faults, FAULT_ERROR, found->at, NULL, "not YAML: %s", found->problem);
    else if (found->at_tab)
        faults_add(faults, FAULT_ERROR, found->at, "indent with spaces",
                   "a tab cannot indent in YAML");
    else
        faults_add(faults, FAULT_ERROR, found->at,
                   "put a text that starts with @, ` or % into quotes",
                   "a value cannot start with this character");
}
