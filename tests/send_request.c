/* links: ctl/source.c ctl/yaml.c ctl/yaml_check.c ctl/yaml_scalar.c ctl/yaml_place.c ctl/yaml_error.c ctl/yaml_fold.c ctl/yaml_pack.c ctl/print_json.c ctl/visible.c daemon/core/alloc.c libweir.a ; libs: msgpack yaml-0.1 */
/*
 * send_request: sends the daemon one request as it stands in a YAML file,
 * with none of weirctl's checks.
 *
 * usage: send_request METHOD [FILE [KEY]]
 *
 * FILE ("-": standard input) holds the parameters, or the one called KEY.
 * Prints the result as JSON; or, with exit status 1, "CODE NAME: MESSAGE" and
 * under it the error's details as JSON.  Exit status 65: FILE is no YAML that
 * weirctl would read.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/source.h"
#include "ctl/writer.h"
#include "ctl/yaml.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"
#include "libproto/weir.h"

#define TIMEOUT 60000 /* milliseconds */

static void read_parameters(const char *, msgpack_sbuffer *);
static int print_answer(int, const struct weir_message *);
static void print_body(const struct weir_message *);

int
main(int argc, char **argv)
{
	struct weir_message answer;
	msgpack_sbuffer parameters;
	msgpack_packer packer;
	struct weir *weir;
	int error, status;

	if (argc < 2 || argc > 4)
		errx(EX_USAGE, "usage: send_request METHOD [FILE [KEY]]");
	msgpack_sbuffer_init(&parameters);
	msgpack_packer_init(&packer, &parameters, msgpack_sbuffer_write);
	if (argc > 3) {
		msgpack_pack_map(&packer, 1);
		pack_str(&packer, argv[3]);
	}
	if (argc > 2)
		read_parameters(argv[2], &parameters);
	weir = weir_open(NULL);
	if (weir == NULL)
		err(EX_UNAVAILABLE, "no daemon");
	error = weir_call(
	    weir, argv[1], parameters.data, parameters.size, TIMEOUT, &answer);
	if (error < 0)
		errx(EX_UNAVAILABLE, "%s", weir_strerror(error));
	status = print_answer(error, &answer);
	weir_close(weir);
	msgpack_sbuffer_destroy(&parameters);
	return status;
}

static void
read_parameters(const char *path, msgpack_sbuffer *into)
{
	struct complaints complaints = {0};
	struct source source;
	struct document *yaml = NULL;

	if (source_read(&source, path, &complaints))
		yaml = document_parse(&source, &complaints);
	else if (complaints.count == 0)
		err(EX_NOINPUT, "%s", path);
	if (yaml != NULL)
		document_pack(yaml, into, &complaints);
	if (complaints.count > 0)
		errx(EX_DATAERR, "%s:%u:%u: %s", path,
		    complaints.list[0].at.line, complaints.list[0].at.column,
		    complaints.list[0].message);
	document_free(yaml);
	source_free(&source);
	complaints_free(&complaints);
}

static int
print_answer(int error, const struct weir_message *answer)
{
	if (error != WEIR_OK)
		printf("%d %s: %s\n", error, answer->name, answer->text);
	print_body(answer);
	return error != WEIR_OK;
}

static void
print_body(const struct weir_message *answer)
{
	msgpack_object object;
	msgpack_zone zone;

	if (answer->size == 0)
		return;
	msgpack_zone_init(&zone, 4096);
	if (!unpack_value(answer->body, answer->size, &zone, &object))
		errx(EX_PROTOCOL, "the answer is no MessagePack");
	json_print_line(stdout, &object);
	msgpack_zone_destroy(&zone);
}
