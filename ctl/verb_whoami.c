/*
 * verb_whoami: weirctl whoami: who the daemon takes one to be.
 */
#include "ctl/cell.h"
#include "ctl/ctl.h"
#include "ctl/verbs.h"

static const struct column fields[] = {
    {"user", "user", cell_text, false, false},
    {"uid", "uid", cell_text, false, false},
    {"gid", "gid", cell_text, false, false},
    {"role", "role", cell_text, false, false},
    {"daemon", "version", cell_text, false, false},
    {"protocol", "protocol", cell_text, false, false},
    {"engine", "status", cell_status, false, false},
};

static int
whoami(struct ctl *ctl, const struct arguments *arguments)
{
	struct answer answer;
	int status = ctl_call(ctl, "hello", NULL, &answer);

	(void)arguments;
	if (status == 0)
		writer_record(ctl->out, fields,
		    sizeof(fields) / sizeof(fields[0]), &answer.object);
	answer_free(&answer);
	return status;
}

const struct verb verb_whoami = {
    .name = "whoami",
    .summary = "Show who the daemon takes you to be, and what you may do",
    .run = whoami,
};
